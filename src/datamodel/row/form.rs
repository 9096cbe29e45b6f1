//! What a text must look like for the agent itself to be able to use it.

use std::borrow::Cow;

use super::Row;
use crate::base::xsd::XsdType;
use crate::datamodel::types::{ParamType, TextForm, TypeBounds};

/// The parameters that sessions are made of, each with the form that it needs. A row says it itself
/// (`URL` or `LINE` in column 2). This is the net below other files, such as those of the 2008
/// agent, which have no word for it: a URL or password that cannot be used ends all contact.
const NEEDED: [(&str, TextForm); 6] = [
    ("DeviceInfo.ManufacturerOUI", TextForm::Oui),
    ("ManagementServer.ConnectionRequestPassword", TextForm::Line),
    ("ManagementServer.ConnectionRequestUsername", TextForm::Line),
    ("ManagementServer.Password", TextForm::Line),
    ("ManagementServer.URL", TextForm::Url),
    ("ManagementServer.Username", TextForm::Line),
];

impl Row {
    /// The form that the agent needs a text to have, where its type does not say one.
    pub fn needed_form(&self, kind: &ParamType) -> Option<TextForm> {
        let is_plain = kind.base == XsdType::String && !kind.is_list() && kind.form.is_none();
        let needed = NEEDED.iter().find(|(name, _)| *name == self.name);
        needed.filter(|_| is_plain).map(|(_, form)| *form)
    }

    /// The type with the form that the agent needs. An address of an ACS may not be set to nothing:
    /// nobody could set it to anything else then.
    pub fn usable_kind<'a>(&self, kind: &'a ParamType) -> Cow<'a, ParamType> {
        let Some(form) = self.needed_form(kind) else {
            return Cow::Borrowed(kind);
        };
        let least = (form == TextForm::Url).then_some(1);
        let bounds = kind.bounds();
        let least = TypeBounds {
            min: bounds.min.max(least),
            ..bounds.clone()
        };
        let mut usable = kind.clone().bounded(least);
        usable.form = Some(form);
        Cow::Owned(usable)
    }
}

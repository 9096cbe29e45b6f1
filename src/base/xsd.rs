//! The base types of parameters (TR-106 §3.2) by their names in XML Schema.

/// The type that `xsi:type` of a `Value` names (TR-106 §3.2 base types).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum XsdType {
    /// `xsd:string`
    String,
    /// `xsd:int`, 32 bits
    Int,
    /// `xsd:unsignedInt`, 32 bits
    UnsignedInt,
    /// `xsd:long`, 64 bits
    Long,
    /// `xsd:unsignedLong`, 64 bits
    UnsignedLong,
    /// `xsd:boolean`
    Boolean,
    /// `xsd:dateTime`
    DateTime,
    /// `xsd:base64Binary` (also read as `soap-enc:base64`)
    Base64,
    /// `xsd:hexBinary`
    HexBinary,
    /// Any other, which no parameter has: what an ACS may write by mistake.
    Other,
}

impl XsdType {
    const ALL: [Self; 9] = [
        Self::String,
        Self::Int,
        Self::UnsignedInt,
        Self::Long,
        Self::UnsignedLong,
        Self::Boolean,
        Self::DateTime,
        Self::Base64,
        Self::HexBinary,
    ];

    /// As `xsi:type` says it: `xsd:unsignedInt`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "xsd:string",
            Self::Int => "xsd:int",
            Self::UnsignedInt => "xsd:unsignedInt",
            Self::Long => "xsd:long",
            Self::UnsignedLong => "xsd:unsignedLong",
            Self::Boolean => "xsd:boolean",
            Self::DateTime => "xsd:dateTime",
            Self::Base64 => "xsd:base64Binary",
            Self::HexBinary => "xsd:hexBinary",
            Self::Other => "xsd:anyType",
        }
    }

    /// The type of a name without prefix; `base64` is SOAP's name of `base64Binary`.
    pub fn from_local_name(name: &str) -> Option<Self> {
        match name {
            "base64" => Some(Self::Base64),
            _ => Self::ALL
                .into_iter()
                .find(|known| known.as_str().strip_prefix("xsd:") == Some(name)),
        }
    }
}

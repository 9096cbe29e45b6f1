//! What kind of file a transfer moves: `FileType` of each RPC (TR-069 A.3.2.8, A.4.1.5, A.4.1.7).

/// Which way a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the box.
    Download,
    /// From the box.
    Upload,
}

/// What a file is. The number of an instance is that of `DeviceInfo.VendorConfigFile.` or
/// `DeviceInfo.VendorLogFile.`, at least 1; `None` is the one that the box has anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the standard")]
pub enum FileType {
    Firmware,
    WebContent,
    VendorConfiguration(Option<u32>),
    VendorLog(Option<u32>),
    /// An image that is kept and not flashed.
    StoredFirmware,
    /// The whole text, `X <OUI> <name>`.
    Vendor(String),
}

/// The texts without an instance, in Download and ScheduleDownload.
const DOWNLOADS: [(&str, FileType); 4] = [
    ("1 Firmware Upgrade Image", FileType::Firmware),
    ("2 Web Content", FileType::WebContent),
    (
        "3 Vendor Configuration File",
        FileType::VendorConfiguration(None),
    ),
    ("6 Stored Firmware Image", FileType::StoredFirmware),
];

/// The same in Upload.
const UPLOADS: [(&str, FileType); 2] = [
    (
        "1 Vendor Configuration File",
        FileType::VendorConfiguration(None),
    ),
    ("2 Vendor Log File", FileType::VendorLog(None)),
];

/// Before the number of an instance, in Upload.
const NUMBERED: [&str; 2] = ["3 Vendor Configuration File", "4 Vendor Log File"];

impl FileType {
    /// Reads the text of an RPC, in any case of its letters; `None` for what no RPC of this
    /// direction names, and for files of telephones (`4 Tone File`, `5 Ringer File`).
    pub fn parse(text: &str, direction: Direction) -> Option<Self> {
        let text = text.trim();
        if is_vendors(text) {
            return Some(Self::Vendor(text.to_owned()));
        }
        let named = match direction {
            Direction::Download => DOWNLOADS.as_slice(),
            Direction::Upload => UPLOADS.as_slice(),
        };
        let known = named
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text));
        known
            .map(|(_, file_type)| file_type.clone())
            .or_else(|| numbered(text).filter(|_| direction == Direction::Upload))
    }

    /// Reads what a person writes: the text of the standard, or the number that it begins with.
    ///
    /// # Errors
    /// Nothing of this direction is called so: a sentence with what there is.
    pub fn named(text: &str, direction: Direction) -> Result<Self, String> {
        let named = match direction {
            Direction::Download => DOWNLOADS.as_slice(),
            Direction::Upload => UPLOADS.as_slice(),
        };
        let begins = |(name, _): &&(&str, Self)| name.split_once(' ').map(|(n, _)| n) == Some(text);
        let by_number = named.iter().find(begins);
        let by_number = by_number.map(|(_, file_type)| file_type.clone());
        by_number
            .or_else(|| Self::parse(text, direction))
            .ok_or_else(|| {
                let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
                let numbered = match direction {
                    Direction::Download => String::new(),
                    Direction::Upload => format!(", '{} N'", NUMBERED.join(" N', '")),
                };
                let names = names.join("', '");
                format!("no type of file; there are '{names}'{numbered} and 'X OUI NAME'")
            })
    }

    /// As the RPCs of this direction spell it.
    pub fn text(&self, direction: Direction) -> String {
        match (self, direction) {
            (Self::VendorConfiguration(None), Direction::Upload) => {
                "1 Vendor Configuration File".to_owned()
            }
            (Self::VendorConfiguration(Some(instance)), Direction::Upload) => {
                format!("3 Vendor Configuration File {instance}")
            }
            (Self::VendorLog(None), _) => "2 Vendor Log File".to_owned(),
            (Self::VendorLog(Some(instance)), _) => format!("4 Vendor Log File {instance}"),
            _ => self.transfer_text(),
        }
    }

    /// As `TransferFileType` of the schema spells it, whichever the direction: in
    /// GetAllQueuedTransfersResponse and AutonomousTransferComplete.
    pub fn transfer_text(&self) -> String {
        match self {
            Self::Firmware => "1 Firmware Upgrade Image".to_owned(),
            Self::WebContent => "2 Web Content".to_owned(),
            Self::VendorConfiguration(None) => "3 Vendor Configuration File".to_owned(),
            Self::VendorConfiguration(Some(instance)) => {
                format!("6 Vendor Configuration File {instance}")
            }
            Self::VendorLog(None) => "4 Vendor Log File".to_owned(),
            Self::VendorLog(Some(instance)) => format!("7 Vendor Log File {instance}"),
            Self::StoredFirmware => "6 Stored Firmware Image".to_owned(),
            Self::Vendor(text) => text.clone(),
        }
    }
}

/// `X <OUI> <name>`, as the schema has it.
fn is_vendors(text: &str) -> bool {
    let named = text
        .strip_prefix("X ")
        .and_then(|rest| rest.split_once(' '));
    named.is_some_and(|(oui, name)| !oui.is_empty() && !name.trim().is_empty())
}

fn numbered(text: &str) -> Option<FileType> {
    let (name, instance) = text.rsplit_once(' ')?;
    let is_number = instance.bytes().all(|c| c.is_ascii_digit());
    let instance = instance.parse().ok().filter(|n| is_number && *n > 0);
    let at = NUMBERED
        .iter()
        .position(|known| known.eq_ignore_ascii_case(name))?;
    match at {
        0 => Some(FileType::VendorConfiguration(Some(instance?))),
        _ => Some(FileType::VendorLog(Some(instance?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_reads_back_in_its_direction() {
        for text in [
            "1 Firmware Upgrade Image",
            "2 Web Content",
            "3 Vendor Configuration File",
            "6 Stored Firmware Image",
            "X 001122 Sounds of doors",
        ] {
            let read = FileType::parse(text, Direction::Download).unwrap();
            assert_eq!(read.text(Direction::Download), text);
        }
        for text in [
            "1 Vendor Configuration File",
            "2 Vendor Log File",
            "3 Vendor Configuration File 2",
            "4 Vendor Log File 10",
            "X 001122 Sounds",
        ] {
            let read = FileType::parse(text, Direction::Upload).unwrap();
            assert_eq!(read.text(Direction::Upload), text);
        }
    }

    #[test]
    fn what_a_box_has_no_use_for_or_nobody_knows_is_none() {
        for text in [
            "",
            "1",
            "1 Vendor Configuration File",
            "3 Vendor Configuration File 1",
            "4 Tone File",
            "5 Ringer File",
            "7 Anything",
            "X ",
            "X 001122",
            "X 001122 ",
        ] {
            assert_eq!(FileType::parse(text, Direction::Download), None, "{text}");
        }
        for text in [
            "1 Firmware Upgrade Image",
            "3 Vendor Configuration File",
            "3 Vendor Configuration File 0",
            "3 Vendor Configuration File +1",
            "4 Vendor Log File 99999999999",
        ] {
            assert_eq!(FileType::parse(text, Direction::Upload), None, "{text}");
        }
    }

    #[test]
    fn t57_a_person_may_write_the_number_alone() {
        for (text, direction, file_type) in [
            ("1", Direction::Download, FileType::Firmware),
            ("1", Direction::Upload, FileType::VendorConfiguration(None)),
            ("2", Direction::Upload, FileType::VendorLog(None)),
            ("2 web content", Direction::Download, FileType::WebContent),
        ] {
            assert_eq!(FileType::named(text, direction), Ok(file_type), "{text}");
        }
        for text in ["", "4", "1 ", "Firmware"] {
            let why = FileType::named(text, Direction::Download).unwrap_err();
            assert!(why.contains("'1 Firmware Upgrade Image', '2 Web"), "{why}");
        }
        let why = FileType::named("3", Direction::Upload).unwrap_err();
        assert!(
            why.contains("'3 Vendor Configuration File N', '4 Ven"),
            "{why}"
        );
    }

    #[test]
    fn the_list_of_all_transfers_has_numbers_of_its_own() {
        let log = FileType::VendorLog(Some(2));
        assert_eq!(log.transfer_text(), "7 Vendor Log File 2");
        let backup = FileType::VendorConfiguration(None);
        assert_eq!(backup.transfer_text(), "3 Vendor Configuration File");
    }
}

//! The recorded account that comes with the program, for the demonstration.

use include_dir::{Dir, include_dir};

use super::{Account, AccountError};

static PATIENT_DATA: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/replay/accounts/patient-data");

/// A recorded account with the outputs file that leads into it.
#[derive(Debug)]
pub struct Recorded {
    /// The account.
    pub account: Account,
    /// The text of the outputs file.
    pub outputs: String,
}

/// The account of the demonstration: it conforms but for a handful of realistic slips.
///
/// # Errors
/// When a file is malformed; a test proves that none is.
pub fn patient_data() -> Result<Recorded, AccountError> {
    let text = |name: &str| PATIENT_DATA.get_file(name).and_then(|file| file.contents_utf8()).unwrap_or("");
    let files = PATIENT_DATA
        .files()
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)));
    Ok(Recorded { account: Account::from_files("patient-data", files)?, outputs: text("flat-outputs.json").to_owned() })
}

//! The recorded accounts that come with the program, for the demonstration.

use include_dir::{Dir, include_dir};

use super::{Account, AccountError};

/// One for each profile, under the profile's name.
static ACCOUNTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/replay/accounts");

/// A recorded account with the outputs file that leads into it.
#[derive(Debug)]
pub struct Recorded {
    /// The account.
    pub account: Account,
    /// The text of the outputs file.
    pub outputs: String,
}

/// The profiles with which an account comes, in order.
pub fn profiles() -> impl Iterator<Item = String> {
    let mut names: Vec<String> = ACCOUNTS.dirs().map(|directory| directory.path().display().to_string()).collect();
    names.sort();
    names.into_iter()
}

/// The account of the demonstration of this profile, with slips that people really make: that of `patient-data` meets
/// most requirements, those of `monitoring` and `meditech` are the stacks of hasty engineers. Each slip is told where it
/// is recorded, in the `correction` of the answer. `None` where no account comes with the profile.
///
/// # Errors
/// When a file is malformed; a test proves that none is.
pub fn account(profile: &str) -> Option<Result<Recorded, AccountError>> {
    let directory = ACCOUNTS.get_dir(profile)?;
    let named = |file: &str| directory.files().find(|found| found.path().file_name().is_some_and(|name| name == file));
    let outputs = named("flat-outputs.json").and_then(|file| file.contents_utf8()).unwrap_or("").to_owned();
    let files = directory
        .files()
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|file| Some((file.path().file_name()?.to_str()?, file.contents_utf8()?)));
    Some(Account::from_files(profile, files).map(|account| Recorded { account, outputs }))
}

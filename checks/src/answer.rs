//! Answers to questions of which a part may not be known: what patterns conclude about events.

use crate::observed::Gap;

/// The answer to a question of which a part may not be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
    /// It is not known, for this reason.
    Open(Gap),
}

impl Answer {
    /// Whether one of two is so; the second is looked at only where the first is not.
    pub(crate) fn or(self, second: impl FnOnce() -> Answer) -> Answer {
        match self {
            Answer::Yes => Answer::Yes,
            Answer::No => second(),
            Answer::Open(gap) => match second() {
                Answer::Yes => Answer::Yes,
                Answer::No | Answer::Open(_) => Answer::Open(gap),
            },
        }
    }

    /// Whether both are so; the second is looked at only where the first may be.
    pub(crate) fn and(self, second: impl FnOnce() -> Answer) -> Answer {
        match self {
            Answer::Yes => second(),
            Answer::No => Answer::No,
            Answer::Open(gap) => match second() {
                Answer::No => Answer::No,
                Answer::Yes | Answer::Open(_) => Answer::Open(gap),
            },
        }
    }

    pub(crate) fn not(self) -> Answer {
        match self {
            Answer::Yes => Answer::No,
            Answer::No => Answer::Yes,
            Answer::Open(gap) => Answer::Open(gap),
        }
    }

    /// The answer, for those who need one.
    ///
    /// # Errors
    /// The gap, where it is not known.
    pub(crate) fn known(self) -> Result<bool, Gap> {
        match self {
            Answer::Yes => Ok(true),
            Answer::No => Ok(false),
            Answer::Open(gap) => Err(gap),
        }
    }
}

impl From<bool> for Answer {
    fn from(is_so: bool) -> Self {
        if is_so { Answer::Yes } else { Answer::No }
    }
}

//! What the tests of AWS Config are built from.

use super::{
    Channel, LastStatus, Owner, Recorder, RecorderStatus, RecordingGroup, RecordingScope, Rule, RuleState, Strategy,
    View,
};
use crate::fixture::seen;
use crate::observed::Observed::{Absent, Present};
use crate::s3::Switch;

pub(crate) fn group() -> RecordingGroup {
    RecordingGroup {
        strategy: Present(Strategy::All),
        all_supported: Switch::On,
        global: Switch::On,
        types: Vec::new(),
        excluded: Vec::new(),
    }
}

pub(crate) fn recorder() -> Recorder {
    Recorder {
        name: "default".into(),
        service: Absent,
        scope: Present(RecordingScope::Paid),
        role: Present("arn:aws:iam::123456789012:role/recorder".into()),
        group: Present(group()),
    }
}

pub(crate) fn status() -> RecorderStatus {
    RecorderStatus {
        recorder: "default".into(),
        recording: Switch::On,
        last: Present(LastStatus::Success),
        error: Absent,
    }
}

/// A rule of AWS's own that is in force.
pub(crate) fn rule(identifier: &str) -> Rule {
    Rule {
        name: format!("{identifier}-rule"),
        owner: Present(Owner::Aws),
        identifier: Present(identifier.into()),
        state: Present(RuleState::Active),
        modes: Absent,
    }
}

/// A recorder that records and delivers, and nothing that evaluates.
pub(crate) fn view() -> View {
    View {
        recorders: seen(vec![recorder()]),
        statuses: seen(vec![status()]),
        channels: seen(vec![Channel { name: "default".into(), topic: Absent }]),
        rules: seen(Vec::new()),
        compliance: seen(Vec::new()),
    }
}

//! What tests of collectors share: a walk through a replayed account.

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tap_audit_checks::secret::SecretNames;

use crate::collect::call::{Aws, Limits, Reductions};
use crate::collect::clients::Connection;
use crate::collect::{Scope, Walk};
use crate::replay::{Account, Replay};
use crate::settings::Clock;

/// A scope in which everything that a parameter switches on is off.
pub(crate) fn scope() -> Scope {
    Scope::NOTHING
}

/// That scope under a profile that selects these requirements.
pub(crate) fn scope_of(requirements: &[&str]) -> Scope {
    Scope { requirements: requirements.iter().map(|id| (*id).to_owned()).collect(), ..scope() }
}

/// Asks a replayed account 123456789012 in us-east-2.
pub(crate) async fn walked<T>(account: Account, scope: &Scope, ask: impl AsyncFnOnce(&Walk<'_>) -> T) -> (T, Replay) {
    let replay = Replay::new(account);
    let connection = Connection::recorded(SharedHttpClient::new(replay.clone()), "test");
    let secret_names = SecretNames { words: Vec::new(), harmless_endings: Vec::new(), ignore: Vec::new() };
    let reductions = Reductions { known_default_hashes: Vec::new(), secret_names };
    let clock = Clock::Fixed("2026-11-01T12:00:00Z".parse().unwrap());
    let aws = Aws::new(connection, Limits::STANDARD, clock, reductions, |_| {});
    let walk = Walk::new(&aws, scope, "123456789012", "aws", "us-east-2");
    (ask(&walk).await, replay)
}

//! S3: what is read of a bucket.

use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::{Bucket, MfaDelete, Versioning, VersioningStatus};
use tap_audit_checks::subject::Resource;

use crate::collect::call::Call;
use crate::collect::{Collected, Walk, existence};

const FOREIGN: Option<&str> = Some("the bucket belongs to another account");

const LOCATION: Call = Call {
    service: "s3",
    operation: "GetBucketLocation",
    permission: "s3:GetBucketLocation",
    absent: &[],
    denied_or: FOREIGN,
};
const VERSIONING: Call = Call {
    service: "s3",
    operation: "GetBucketVersioning",
    permission: "s3:GetBucketVersioning",
    absent: &[],
    denied_or: FOREIGN,
};

/// Collects a bucket; `region` is where it is expected.
pub(crate) async fn bucket(walk: &Walk<'_>, name: &str, region: &str) -> Collected {
    let (location, versioning) = tokio::join!(location(walk, name, region), versioning(walk, name, region));
    let mut bucket = Bucket::unknown(&Gap::NotCollected { what: "not read yet".into() });
    let lives_in = match location.observed() {
        Observed::Present(region) => Some(region.clone()),
        Observed::Absent | Observed::Unknown(_) => None,
    };
    let existence = existence(&location);
    (bucket.location, bucket.versioning) = (location, versioning);
    Collected {
        existence,
        arn: Some(format!("arn:{}:s3:::{name}", walk.partition)),
        region: lives_in,
        resource: Resource::Bucket(Box::new(bucket)),
    }
}

async fn location(walk: &Walk<'_>, name: &str, region: &str) -> Seen<String> {
    let owner = walk.account.as_str();
    walk.aws
        .ask(
            &LOCATION,
            region,
            &[("Bucket", name)],
            |clients| clients.s3().get_bucket_location().bucket(name).expected_bucket_owner(owner).send(),
            |answer| {
                Observed::Present(match answer.location_constraint().map(|constraint| constraint.as_str()) {
                    None | Some("") => "us-east-1".to_owned(),
                    Some("EU") => "eu-west-1".to_owned(),
                    Some(region) => region.to_owned(),
                })
            },
        )
        .await
}

async fn versioning(walk: &Walk<'_>, name: &str, region: &str) -> Seen<Versioning> {
    let owner = walk.account.as_str();
    walk.aws
        .ask(
            &VERSIONING,
            region,
            &[("Bucket", name)],
            |clients| clients.s3().get_bucket_versioning().bucket(name).expected_bucket_owner(owner).send(),
            |answer| {
                Observed::Present(Versioning {
                    status: match answer.status().map(|status| status.as_str()) {
                        Some("Enabled") => Observed::Present(VersioningStatus::Enabled),
                        Some("Suspended") => Observed::Present(VersioningStatus::Suspended),
                        Some(other) => VERSIONING.unrecognised("Status", other),
                        None => Observed::Absent,
                    },
                    mfa_delete: match answer.mfa_delete().map(|status| status.as_str()) {
                        Some("Enabled") => Observed::Present(MfaDelete::Enabled),
                        Some("Disabled") => Observed::Present(MfaDelete::Disabled),
                        Some(other) => VERSIONING.unrecognised("MFADelete", other),
                        None => Observed::Absent,
                    },
                })
            },
        )
        .await
}

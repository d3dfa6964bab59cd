//! The static assets of a Worker (<https://developers.cloudflare.com/workers/static-assets/direct-upload/>): the account names those that it lacks, these are sent in
//! groups, and the token that comes when it has them all goes into the metadata of the version that has them.

use serde::Deserialize;

use super::{
    Account, AssetFile, Place,
    answer::{self, ApiError},
    site::{self, Api},
};
use crate::{digest::Digest, sorted::SortedMap};

/// How large one may be, in bytes (<https://developers.cloudflare.com/workers/platform/limits/#static-assets>).
pub const MOST_FILE_BYTES: u64 = 25 << 20;
/// How many a version may have on Workers Free; on Workers Paid it is five times as many.
pub const MOST_FILES: usize = 20_000;
/// How much is sent in one request, in bytes before base64, unless one file has more. Groups of the account may be larger than what an isolate has room for, and are
/// its advice: what counts is that all files are sent.
pub const MOST_GROUP_BYTES: u64 = 8 << 20;
/// How many sessions are begun for one upload.
const MOST_SESSIONS: usize = 2;
/// What to do about files that the account would not take.
const SMALLER: &str = "make it smaller or load it from another address, or have the operator put files into a bucket (CLOUDFLARE_FILES = \"r2\"), and deploy again";
const FEWER: &str = "have fewer files, or have the operator put them into a bucket (CLOUDFLARE_FILES = \"r2\"), and deploy again";

/// By what the account knows a file of an app: the first 32 hexadecimal digits of its hash. Nothing has to be read to know it, unlike what Cloudflare's own client
/// takes ([`super::asset_hash`]).
#[must_use]
pub fn known_as(hash: &Digest) -> String {
    hash.to_string().chars().take(32).collect()
}

/// Whether an account takes these files: their names and sizes in bytes.
///
/// # Errors
/// With what is too large or too much, and what to do.
pub fn check<'a>(files: impl IntoIterator<Item = (&'a str, u64)>) -> Result<(), ApiError> {
    let mut count = 0;
    for (name, size) in files {
        count += 1;
        if size > MOST_FILE_BYTES {
            let mib = MOST_FILE_BYTES >> 20;
            let why = format!("{name} has {size} bytes, and a static asset at most {mib} MiB");
            return Err(answer::refused(413, why, SMALLER));
        }
    }
    if count > MOST_FILES {
        let why = format!("{count} files are more than the {MOST_FILES} of a version");
        return Err(answer::refused(413, why, FEWER));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Session {
    jwt: String,
    #[serde(default)]
    buckets: Vec<Vec<String>>,
}

#[derive(Deserialize)]
struct Taken {
    #[serde(default)]
    jwt: Option<String>,
}

/// Sends those of the files that the account lacks, and returns the token that an upload of the Worker names them all by. `files` are by path, with a `/` before it;
/// `read` tells the type and the content in base64 of the one at a path. Done again, only what is missing is sent.
///
/// # Errors
/// Those of [`check`], of `read` and of the API, and when it does not say that all files are there.
pub async fn send<E: From<ApiError>>(
    api: &impl Api,
    account: &Account,
    (place, worker): (Place<'_>, &str),
    files: &SortedMap<String, AssetFile>,
    read: impl AsyncFn(&str) -> Result<(&'static str, String), E>,
) -> Result<String, E> {
    check(files.iter().map(|(path, file)| (path.as_str(), file.size)))?;
    for _ in 1..MOST_SESSIONS {
        match in_a_session(api, account, (place, worker), files, &read).await? {
            Err(error) if matches!(error.status, 401 | 403) => {}
            sent => return Ok(sent?),
        }
    }
    Ok(in_a_session(api, account, (place, worker), files, &read).await??)
}

/// Sends what one session asks for. The inner error is that of a group: the token of a session ends with it, so that who has not heard the last answer has to
/// ask anew what is missing.
async fn in_a_session<E: From<ApiError>>(
    api: &impl Api,
    account: &Account,
    (place, worker): (Place<'_>, &str),
    files: &SortedMap<String, AssetFile>,
    read: &impl AsyncFn(&str) -> Result<(&'static str, String), E>,
) -> Result<Result<String, ApiError>, E> {
    let session: Session = site::ask(api, &account.post_assets(place, worker, files)).await?;
    let groups = groups(&session.buckets, files)?;
    let mut whole = groups.is_empty().then(|| session.jwt.clone());
    for group in groups {
        let mut parts = Vec::new();
        for (hash, path) in group {
            let (kind, base64) = read(path).await?;
            parts.push((hash, kind, base64));
        }
        let request = account.post_asset_files(&session.jwt, parts);
        match site::ask::<Taken>(api, &request).await {
            Ok(taken) => whole = taken.jwt.or(whole),
            Err(error) => return Ok(Err(error)),
        }
    }
    let silent = || answer::silent("Cloudflare does not say that all files are there");
    Ok(whole.ok_or_else(silent))
}

/// A hash, and the path of a file that has it.
type Wanted<'a> = (&'a str, &'a str);

/// What is sent together.
fn groups<'a>(
    wanted: &'a [Vec<String>],
    files: &'a SortedMap<String, AssetFile>,
) -> Result<Vec<Vec<Wanted<'a>>>, ApiError> {
    let by_hash = files.iter().map(|(path, file)| (file.hash.as_str(), path));
    let by_hash: SortedMap<&str, &String> = by_hash.collect();
    let mut groups = Vec::new();
    for bucket in wanted {
        let (mut group, mut bytes) = (Vec::new(), 0);
        for hash in bucket {
            let found = by_hash.get(hash.as_str());
            let found = found.and_then(|path| Some((path.as_str(), files.get(*path)?.size)));
            let Some((path, size)) = found else {
                let why = format!("Cloudflare asks for a file that was not named: {hash}");
                return Err(answer::silent(why));
            };
            if bytes + size > MOST_GROUP_BYTES && !group.is_empty() {
                groups.push(std::mem::take(&mut group));
                bytes = 0;
            }
            group.push((hash.as_str(), path));
            bytes += size;
        }
        groups.push(group);
    }
    groups.retain(|group| !group.is_empty());
    Ok(groups)
}

#[cfg(test)]
mod tests;

//! The files that stand beside the Worker, and how they get to the account: those that it does not have, in groups that it names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use overskill::cloudflare::{self, Account, AssetFile, Place, asset_hash, site::Api};
use overskill::sorted::SortedMap;

/// A file.
pub(crate) struct Asset {
    /// By what the account knows it.
    pub(crate) hash: String,
    size: u64,
    kind: &'static str,
    base64: String,
}

/// Files by path, with a `/` before it.
pub(crate) type Assets = BTreeMap<String, Asset>;

/// Reads those of a folder and of all below it.
///
/// # Errors
/// When one cannot be read.
pub(crate) fn read(folder: &Path) -> Result<Assets> {
    let mut found = Assets::new();
    gather(folder, "", &mut found).with_context(|| format!("cannot read {}", folder.display()))?;
    Ok(found)
}

fn gather(folder: &Path, prefix: &str, found: &mut Assets) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string();
        let name = name.map_err(|name| anyhow::anyhow!("{} is no text", name.display()))?;
        let path = format!("{prefix}/{name}");
        if entry.file_type()?.is_dir() {
            gather(&entry.path(), &path, found)?;
            continue;
        }
        let bytes = fs::read(entry.path())?;
        let base64 = STANDARD.encode(&bytes);
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let asset = Asset {
            hash: asset_hash(&base64, extension),
            size: bytes.len() as u64,
            kind: kind(extension),
            base64,
        };
        found.insert(path, asset);
    }
    Ok(())
}

/// The type that a file is served as, by its extension, as Cloudflare's own client says it. It calls one that nobody knows `application/null`.
fn kind(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/vnd.microsoft.icon",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        _ => "application/null",
    }
}

/// Sends what the account lacks; the token that an upload of the Worker names them by.
///
/// # Errors
/// Those of the API, and when it does not say that all is there.
pub(crate) async fn send(
    api: &impl Api,
    account: &Account,
    worker: &str,
    assets: &Assets,
) -> Result<String> {
    let named = |asset: &Asset| AssetFile {
        hash: asset.hash.clone(),
        size: asset.size,
    };
    let files: SortedMap<String, AssetFile> = assets
        .iter()
        .map(|(path, asset)| (path.clone(), named(asset)))
        .collect();
    let read = async |path: &str| {
        let asset = assets.get(path).context("a file that was not named")?;
        anyhow::Ok((asset.kind, asset.base64.clone()))
    };
    cloudflare::assets::send(api, account, (Place::Own, worker), &files, read).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_path_hash_and_type() {
        let folder = std::env::temp_dir().join(format!("overskill-assets-{}", std::process::id()));
        fs::create_dir_all(folder.join("console")).unwrap();
        fs::write(folder.join("console/app.css"), "body{}\n").unwrap();
        fs::write(folder.join("LICENCE"), "").unwrap();
        let read = read(&folder).unwrap();
        let told: Vec<_> = read
            .iter()
            .map(|(path, asset)| (path.as_str(), asset.hash.as_str(), asset.size, asset.kind))
            .collect();
        // The hash is that of a recording of Cloudflare's own client.
        let css = "aa42bba514e8ddfea838ec1a715ca332";
        assert_eq!(
            told[1],
            ("/console/app.css", css, 7, "text/css; charset=utf-8")
        );
        assert_eq!(
            (told[0].0, told[0].2, told[0].3),
            ("/LICENCE", 0, "application/null")
        );
        fs::remove_dir_all(&folder).unwrap();
    }
}

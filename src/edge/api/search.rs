//! Search and comparison: contents are read from storage in small groups, so that no app is in memory as a whole.

use std::collections::BTreeMap;

use super::{Call, Reply, apps::Asked};
use crate::{
    digest::Digest,
    edge::{
        blobs::Blobs,
        objects::{ConversationCall, Files, VersionFiles},
    },
    error::{Error, Result},
    http::{
        page,
        resource::{DiffPage, FileDiff, SearchResult},
        search::{Comparison, FileSearch},
    },
    ids::AppId,
    project::{
        Manifest, ProjectPath,
        diff::{self, Changed},
    },
    search::{Caps, Search},
};

/// How much is read at once, in bytes; the file that goes past it is the last.
const GROUP_BYTES: u64 = 2 * 1024 * 1024;

impl Call<'_> {
    pub(super) async fn search_files(&self, app: &AppId, asked: &Asked<'_>) -> Result<Reply> {
        let query = FileSearch::parse(&self.query)?.query;
        let call = ConversationCall::Files {
            after: None,
            limit: u32::MAX,
        };
        let Files { version, files, .. } = asked.ask(call).await?;
        let sources = Blobs::sources(self.env, app)?;
        let mut search = Search::new(&query, Caps::PROGRAM);
        let mut group: Vec<(ProjectPath, Digest)> = Vec::new();
        let mut bytes = 0;
        for (path, entry) in files {
            if search.needs(path.as_str(), &entry) {
                bytes += entry.size;
                group.push((path, entry.hash));
            }
            if bytes >= GROUP_BYTES {
                bytes = 0;
                search_group(&mut search, &sources, std::mem::take(&mut group)).await?;
            }
        }
        search_group(&mut search, &sources, group).await?;
        Reply::json(200, &SearchResult::of(version, search.finish()))
    }

    pub(super) async fn diff_versions(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        number: u32,
    ) -> Result<Reply> {
        let Comparison { from, page } = Comparison::parse(&self.query)?;
        let after: Option<ProjectPath> = page.after("diff")?;
        let VersionFiles { version, manifest } =
            asked.ask(ConversationCall::Version { number }).await?;
        let from = from.or(version.parent);
        let before = match from {
            Some(number) => {
                let files: VersionFiles = asked.ask(ConversationCall::Version { number }).await?;
                files.manifest
            }
            None => Manifest::default(),
        };
        let all = diff::changed(&before, &manifest);
        let count = all.len() as u64;
        let mut rest = all
            .into_iter()
            .filter(|changed| after.as_ref().is_none_or(|after| changed.path > *after))
            .peekable();
        let sources = Blobs::sources(self.env, app)?;
        let mut files = Vec::new();
        let mut left = diff::PAGE_BYTES;
        let mut last = None;
        while left > 0
            && files.len() < page.limit as usize
            && let Some(changed) = rest.next()
        {
            last = Some(changed.path.clone());
            let text = lines(&sources, &changed).await?;
            let shown = text
                .iter()
                .flat_map(|text| &text.hunks)
                .flat_map(|hunk| &hunk.lines);
            left = left.saturating_sub(shown.map(|line| line.text.len()).sum());
            files.push(FileDiff::of(changed, text));
        }
        let next_cursor = rest
            .peek()
            .and(last)
            .map(|path| page::cursor("diff", &path));
        Reply::json(
            200,
            &DiffPage {
                from,
                to: number,
                count,
                files,
                next_cursor,
            },
        )
    }
}

async fn search_group(
    search: &mut Search<'_>,
    sources: &Blobs,
    group: Vec<(ProjectPath, Digest)>,
) -> Result<()> {
    let contents: BTreeMap<Digest, Vec<u8>> =
        sources.get_all(group.iter().map(|(_, hash)| *hash)).await?;
    for (path, hash) in group {
        let content = contents
            .get(&hash)
            .ok_or_else(|| Error::internal(format!("{path} was not read")))?;
        search.file(path.as_str(), content);
    }
    Ok(())
}

/// The lines that differ, when both sides are text.
async fn lines(sources: &Blobs, changed: &Changed) -> Result<Option<diff::TextDiff>> {
    if !changed.is_text() {
        return Ok(None);
    }
    let hashes = [changed.before, changed.after].map(|entry| entry.map(|entry| entry.hash));
    let contents = sources.get_all(hashes.iter().flatten().copied()).await?;
    let [before, after] = hashes.map(|hash| {
        let content = hash.and_then(|hash| contents.get(&hash));
        std::str::from_utf8(content.map_or(&[], Vec::as_slice)).map_err(Error::internal)
    });
    Ok(Some(diff::compare(before?, after?, diff::FILE_BYTES)))
}

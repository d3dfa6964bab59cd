//! Search and comparison: contents are read from storage in small groups, so that no app is in memory as a whole.

use super::{Call, Reply, apps::Asked};
use crate::{
    digest::Digest,
    edge::{
        blobs::Blobs,
        objects::{ConversationCall, Files, VersionFiles},
        parser,
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
    search::{Caps, Definitions, Search},
    sorted::SortedMap,
};

/// How much is read at once, in bytes; the file that goes past it is the last.
const GROUP_BYTES: u64 = 2 * 1024 * 1024;

impl Call<'_> {
    pub(super) async fn search_files(&self, app: &AppId, asked: &Asked<'_>) -> Result<Reply> {
        let FileSearch { text, query } = FileSearch::parse(&self.query)?;
        let call = ConversationCall::Files {
            after: None,
            limit: u32::MAX,
        };
        let Files { version, files, .. } = asked.ask(call).await?;
        let mut run = Run {
            search: Search::new(&query, Caps::PROGRAM),
            definitions: Definitions::of(&text),
            sources: Blobs::sources(self.env, app)?,
        };
        let mut group: Vec<(ProjectPath, Digest)> = Vec::new();
        let mut bytes = 0;
        for (path, entry) in files {
            if run.search.needs(path.as_str(), &entry) {
                bytes += entry.size;
                group.push((path, entry.hash));
            }
            if bytes >= GROUP_BYTES {
                bytes = 0;
                run.group(std::mem::take(&mut group)).await?;
            }
        }
        run.group(group).await?;
        let (found, definitions) = (run.search.finish(), run.definitions.finish());
        Reply::json(200, &SearchResult::of(version, found, definitions))
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

/// A search under way.
struct Run<'a> {
    search: Search<'a>,
    definitions: Definitions<'a>,
    sources: Blobs,
}

impl Run<'_> {
    /// Searches some files, ordered by path.
    async fn group(&mut self, group: Vec<(ProjectPath, Digest)>) -> Result<()> {
        let hashes = group.iter().map(|(_, hash)| *hash);
        let contents: SortedMap<Digest, Vec<u8>> = self.sources.get_all(hashes).await?;
        for (path, hash) in group {
            let content = contents
                .get(&hash)
                .ok_or_else(|| Error::internal(format!("{path} was not read")))?;
            let path = path.as_str();
            if let Some(text) = self.search.file(path, content) {
                let facts = || parser::known().of(path, hash, || Some(text));
                self.definitions.look(path, text, facts);
            }
        }
        Ok(())
    }
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

//! Files: list, read, write and delete by hand. Content goes to R2 before the conversation hears of it.

use worker::Response;

use super::{Call, Reply, apps::Asked};
use crate::{
    build::Render,
    config::Limits,
    digest::Digest,
    edge::{
        blobs::Blobs,
        objects::{ConversationCall, FileWritten, Files, VersionFiles},
    },
    error::{Error, Kind, Result},
    generation::{AppSummary, Build},
    http::{
        etag,
        media::{DOWNLOAD_HEADERS, download_type},
        page::{self, Page},
        resource,
    },
    ids::{AppId, BuildId},
    project::{FileEntry, ProjectPath},
};

impl Call<'_> {
    pub(super) async fn list_files(&self, asked: &Asked<'_>) -> Result<Reply> {
        let page = Page::parse(&self.query)?;
        let call = ConversationCall::Files {
            after: page.after("files")?,
            limit: page.limit,
        };
        let Files {
            version,
            files,
            more,
        } = asked.ask(call).await?;
        let next_cursor = files
            .last()
            .filter(|_| more)
            .map(|(path, _)| page::cursor("files", path));
        let files = files
            .iter()
            .map(|(path, entry)| resource::FileInfo::of(path, entry))
            .collect();
        Reply::json(
            200,
            &resource::FilePage {
                version,
                files,
                next_cursor,
            },
        )
    }

    pub(super) async fn read_file(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        path: ProjectPath,
    ) -> Result<Response> {
        let entry: FileEntry = asked
            .ask(ConversationCall::File { path: path.clone() })
            .await?;
        let media_type = download_type(path.as_str(), entry.binary);
        self.blob(app, &entry.hash, media_type).await
    }

    /// How the start page of a build looks.
    pub(super) async fn read_screenshot(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        build: BuildId,
    ) -> Result<Response> {
        let build: Build = asked.ask(ConversationCall::Build { build }).await?;
        let render = build.report.as_ref().map(|report| &report.render);
        let hash = render
            .and_then(Render::screenshot)
            .ok_or_else(|| Error::new(Kind::NotFound, build.without_picture()))?;
        self.blob(app, hash, "image/webp").await
    }

    /// What is stored under a hash, unless the caller has it.
    async fn blob(&self, app: &AppId, hash: &Digest, media_type: &str) -> Result<Response> {
        let unchanged = etag::not_modified(self.header("if-none-match")?.as_deref(), hash);
        let mut response = if unchanged {
            Response::empty().map_err(Error::internal)?.with_status(304)
        } else {
            let content = Blobs::sources(self.env, app)?.get(hash).await?;
            Response::from_bytes(content).map_err(Error::internal)?
        };
        let headers = response.headers_mut();
        for (name, value) in DOWNLOAD_HEADERS
            .iter()
            .chain(&[("content-type", media_type)])
        {
            headers.set(name, value).map_err(Error::internal)?;
        }
        headers
            .set("etag", &etag::etag(hash))
            .map_err(Error::internal)?;
        Ok(response)
    }

    pub(super) async fn write_file(
        &mut self,
        app: &AppId,
        asked: &Asked<'_>,
        path: ProjectPath,
    ) -> Result<Reply> {
        // Nothing is stored for an app that is not the caller's.
        asked.ask::<AppSummary>(ConversationCall::Show).await?;
        let content = self.body(Limits::DEFAULT.binary_file_bytes).await?;
        let entry = FileEntry::of(&content);
        entry.check(&path, &Limits::DEFAULT)?;
        let call = ConversationCall::PutFile {
            path: path.clone(),
            entry,
            if_match: self.header("if-match")?,
            if_none_match: self.header("if-none-match")?,
        };
        Blobs::sources(self.env, app)?
            .put(&entry.hash, content)
            .await?;
        let FileWritten { created, version } = asked.ask(call).await?;
        let version = match version {
            Some(version) => Some(version),
            None => newest_with(asked, &path, &entry).await?,
        };
        let status = if created { 201 } else { 200 };
        let written = resource::FileWritten {
            path,
            hash: entry.hash,
            size: entry.size,
            version,
        };
        Ok(Reply::json(status, &written)?.with("etag", etag::etag(&entry.hash)))
    }

    pub(super) async fn delete_file(&self, asked: &Asked<'_>, path: ProjectPath) -> Result<Reply> {
        etag::refuse_if_none_match(self.header("if-none-match")?.as_deref())?;
        let call = ConversationCall::DeleteFile {
            path,
            if_match: self.header("if-match")?,
        };
        asked.ask::<FileWritten>(call).await?;
        Ok(Reply::empty())
    }
}

/// The newest version, when it holds the file like this. A write that made no version changed nothing, or waits for
/// the running turn to make one.
async fn newest_with(
    asked: &Asked<'_>,
    path: &ProjectPath,
    entry: &FileEntry,
) -> Result<Option<u32>> {
    let summary: AppSummary = asked.ask(ConversationCall::Show).await?;
    let Some(number) = summary.version else {
        return Ok(None);
    };
    let VersionFiles { manifest, .. } = asked.ask(ConversationCall::Version { number }).await?;
    Ok((manifest.get(path) == Some(entry)).then_some(number))
}

//! Edits by hand: the same engine and the same guard as the model's, over the files as they are.

use super::{Begin, Call, Reply, apps::Asked};
use crate::{
    config::Limits,
    edge::{
        blobs::Blobs,
        objects::{ConversationCall, EditedFile},
        parser,
    },
    edit::{self, LineEdit, Numbering},
    error::{Error, Kind, Result},
    generation::AppSummary,
    http::{
        body::{EditFiles, FileEdits, LineEditWire},
        resource,
    },
    ids::AppId,
    project::{FileEntry, ProjectPath},
};

/// A file, edited and not stored yet.
struct Edited {
    file: EditedFile,
    content: String,
}

impl Call<'_> {
    pub(super) async fn edit_files(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        wanted: EditFiles,
        begun: &Begin,
    ) -> Result<Reply> {
        // Nothing is stored for an app that is not the caller's.
        asked.ask::<AppSummary>(ConversationCall::Show).await?;
        let edited = match self.land(app, asked, wanted, begun).await {
            // The edits may be refused since this same call has landed them and was not heard, whatever became of the file then.
            Err(refused) => {
                let call = ConversationCall::Edited { nonce: begun.nonce };
                let edited: Option<resource::FilesEdited> = asked.ask(call).await?;
                edited.ok_or(refused)?
            }
            Ok(landed) => landed,
        };
        Reply::json(200, &edited)
    }

    async fn land(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        wanted: EditFiles,
        begun: &Begin,
    ) -> Result<resource::FilesEdited> {
        let sources = Blobs::sources(self.env, app)?;
        let mut edited = Vec::new();
        for file in wanted.files {
            edited.push(edit(asked, &sources, file).await?);
        }
        let (files, contents): (Vec<_>, Vec<_>) = edited
            .into_iter()
            .map(|Edited { file, content }| {
                let content = (file.entry.hash, content.into_bytes());
                (file, content)
            })
            .unzip();
        sources.put_all(contents).await?;
        let call = ConversationCall::EditFiles {
            files,
            nonce: begun.nonce,
        };
        asked.ask(call).await
    }
}

async fn edit(asked: &Asked<'_>, sources: &Blobs, wanted: FileEdits) -> Result<Edited> {
    let path: ProjectPath = wanted
        .path
        .parse()
        .map_err(|error| Error::new(Kind::Invalid, format!("`{}`: {error}.", wanted.path)))?;
    let current: FileEntry = asked
        .ask(ConversationCall::File { path: path.clone() })
        .await?;
    let content = text(&path, sources.get(&current.hash).await?)?;
    let edits: Vec<LineEdit> = wanted.edits.into_iter().map(line_edit).collect();
    if let Some(base) = wanted.base.filter(|base| *base != current.hash) {
        let other = sources.get(&base).await.ok();
        let viewed = other.and_then(|bytes| String::from_utf8(bytes).ok());
        return Err(changed(
            &path,
            &current,
            viewed.as_deref(),
            &content,
            &edits,
        ));
    }
    let applied = edit::apply(&content, &edits).map_err(|refused| {
        refusal(&path, &format!("`{path}`: {refused}")).with("edit", refused.edit + 1)
    })?;
    let syntax = parser::known();
    let broken = syntax.breakages(path.as_str(), &content, &applied.content, &applied.changes);
    if let Some(broken) = broken.first() {
        let what = format!("`{path}` would be broken by this; nothing was changed. {broken}");
        return Err(refusal(&path, &what).with("line", broken.line));
    }
    let entry = FileEntry::of(applied.content.as_bytes());
    entry.check(&path, &Limits::DEFAULT)?;
    let landings = applied.landings.iter();
    Ok(Edited {
        file: EditedFile {
            path,
            before: current.hash,
            entry,
            edits: landings.map(resource::EditLanded::of).collect(),
        },
        content: applied.content,
    })
}

fn line_edit(wire: LineEditWire) -> LineEdit {
    LineEdit {
        search: wire.search,
        first_line: wire.first_line,
        last_line: wire.last_line,
        replacement: wire.replacement,
    }
}

fn text(path: &ProjectPath, content: Vec<u8>) -> Result<String> {
    String::from_utf8(content).map_err(|_| {
        refusal(
            path,
            &format!("`{path}` is no text, so it has no lines to edit. Put the whole file."),
        )
    })
}

/// What is said in the first line is the sentence, the rest are lines of the file.
fn refusal(path: &ProjectPath, said: &str) -> Error {
    let (sentence, lines) = said.split_once('\n').unwrap_or((said, ""));
    let sentence = match sentence.strip_suffix(':') {
        Some(sentence) => format!("{sentence}: see `lines`."),
        None if sentence.ends_with('.') => sentence.to_owned(),
        None => format!("{sentence}."),
    };
    let error = Error::new(Kind::Conflict, sentence).with("path", path.as_str());
    if lines.is_empty() {
        error
    } else {
        error.with("lines", lines)
    }
}

/// The file is another than the edits are stated against: both sides, around the first edit.
fn changed(
    path: &ProjectPath,
    now: &FileEntry,
    viewed: Option<&str>,
    content: &str,
    edits: &[LineEdit],
) -> Error {
    let part = |text: &str| {
        let file = edit::lines::split(text);
        let (first, last) = edits
            .first()
            .map_or((1, 1), |edit| (edit.first_line, edit.last_line));
        let end = last.min(file.len());
        let start = first.saturating_sub(1).min(end);
        edit::excerpt(&file, std::iter::once(start..end), Numbering::Lines)
    };
    let error = refusal(
        path,
        &format!(
            "`{path}` has changed since `base`; nothing was changed. Read it again and state the edits anew."
        ),
    );
    let error = error
        .with("current", now.hash.to_string())
        .with("lines", part(content));
    match viewed {
        Some(viewed) => error.with("base_lines", part(viewed)),
        None => error,
    }
}

//! Files and versions: what changes by hand, what is committed, what is restored.

use super::{
    effect::{Answer, Effect, Step},
    feed::Event,
    records::{Author, Build, Version},
    state::{Conversation, Head, Phase},
};
use crate::{
    build::Mode,
    error::{Error, Kind, Result},
    ids::{BuildId, TurnId},
    project::{FileEntry, Manifest, ProjectPath},
};

/// Where npm and the builder look for the versions of packages.
pub const LOCK_FILE: &str = "package-lock.json";

impl Conversation {
    pub(super) fn put_file(
        &mut self,
        path: ProjectPath,
        entry: FileEntry,
        step: &mut Step<'_>,
    ) -> Result<()> {
        self.refuse_before_foundation()?;
        let summary = match self.manifest.get(&path) {
            Some(old) if *old == entry => {
                step.effects.push(Effect::Answer(Answer::Version(None)));
                return Ok(());
            }
            Some(_) => format!("Changed {path} by hand"),
            None => format!("Added {path} by hand"),
        };
        let mut changed = self.manifest.clone();
        changed.put(path.clone(), entry, step.limits)?;
        self.changed_by_hand(vec![(path, Some(entry))], changed, summary, step);
        Ok(())
    }

    pub(super) fn delete_file(&mut self, path: &ProjectPath, step: &mut Step<'_>) -> Result<()> {
        self.refuse_before_foundation()?;
        let mut changed = self.manifest.clone();
        if changed.remove(path).is_none() {
            return Err(Error::new(
                Kind::NotFound,
                format!("There is no file `{path}`."),
            ));
        }
        let summary = format!("Deleted {path} by hand");
        self.changed_by_hand(vec![(path.clone(), None)], changed, summary, step);
        Ok(())
    }

    pub(super) fn edit_files(
        &mut self,
        files: Vec<(ProjectPath, FileEntry)>,
        step: &mut Step<'_>,
    ) -> Result<()> {
        self.refuse_before_foundation()?;
        let mut changed = self.manifest.clone();
        let mut different = Vec::new();
        for (path, entry) in files {
            if changed.get(&path) != Some(&entry) {
                changed.put(path.clone(), entry, step.limits)?;
                different.push((path, Some(entry)));
            }
        }
        let summary = match different.as_slice() {
            [] => {
                step.effects.push(Effect::Answer(Answer::Version(None)));
                return Ok(());
            }
            [(path, _)] => format!("Changed {path} by hand"),
            many => format!("Changed {} files by hand", many.len()),
        };
        self.changed_by_hand(different, changed, summary, step);
        Ok(())
    }

    fn changed_by_hand(
        &mut self,
        files: Vec<(ProjectPath, Option<FileEntry>)>,
        changed: Manifest,
        summary: String,
        step: &mut Step<'_>,
    ) {
        self.manifest = changed;
        self.revision += 1;
        for (path, entry) in files {
            step.feed(Event::FileChanged {
                path,
                hash: entry.map(|entry| entry.hash),
                by: Author::User,
            });
        }
        let version = match self.phase {
            // The turn that runs commits it with its own changes.
            Phase::AwaitingModel(_) | Phase::RunningTools(_) => None,
            _ => {
                self.last_outcome = None;
                self.commit(Author::User, summary, None, step);
                last_version(&step.effects)
            }
        };
        step.effects.push(Effect::Answer(Answer::Version(version)));
    }

    pub(super) fn restore(
        &mut self,
        version: u32,
        manifest: Manifest,
        step: &mut Step<'_>,
    ) -> Result<()> {
        self.refuse_before_foundation()?;
        if self.phase != Phase::Resting {
            return Err(Error::new(
                Kind::Conflict,
                "A turn is running. Restore when it has finished, so that neither undoes the other.",
            ));
        }
        self.manifest = manifest;
        self.revision += 1;
        self.last_outcome = None;
        self.commit(
            Author::Restore,
            format!("Restored version {version}"),
            None,
            step,
        );
        let restored = last_version(&step.effects);
        step.effects.push(Effect::Answer(Answer::Version(restored)));
        Ok(())
    }

    pub(super) fn start_build_by_hand(&mut self, mode: Mode, step: &mut Step<'_>) -> Result<()> {
        self.refuse_before_foundation()?;
        let newest = self.head.map(|head| head.number);
        let under_way = self
            .builds
            .values()
            .find(|active| active.build.mode == mode && Some(active.build.version) == newest);
        let build = match under_way {
            Some(active) => active.build.clone(),
            None => self.another_build(mode, step)?,
        };
        step.effects
            .push(Effect::Answer(Answer::Build(Box::new(build))));
        Ok(())
    }

    fn another_build(&mut self, mode: Mode, step: &mut Step<'_>) -> Result<Build> {
        self.refuse_many_builds(step)?;
        if mode == Mode::Development && self.phase == Phase::Resting {
            self.last_outcome = None;
        }
        Ok(self.start_build(mode, None, step))
    }

    pub(super) fn refuse_many_builds(&self, step: &Step<'_>) -> Result<()> {
        if self.builds.len() >= step.limits.active_builds {
            return Err(Error::new(
                Kind::Conflict,
                format!(
                    "{} builds wait or run already; start this one when some of them are done.",
                    self.builds.len()
                ),
            )
            .with("limit", step.limits.active_builds));
        }
        Ok(())
    }

    /// Makes the files a version and has it built for the preview.
    pub(super) fn commit(
        &mut self,
        author: Author,
        summary: String,
        turn: Option<TurnId>,
        step: &mut Step<'_>,
    ) -> BuildId {
        self.keep_version(author, summary, turn.clone(), step);
        self.start_build(Mode::Development, turn, step).id
    }

    /// Puts the lock file that a build has resolved beside the files that it was built of, as a version of its own. It is
    /// not built: what the build has is what the lock file says. Where the files are others by now, the build of those
    /// resolves theirs.
    pub(super) fn lock_packages(&mut self, built: u32, lockfile: FileEntry, step: &mut Step<'_>) {
        let is_newest = self.head.is_some_and(|head| head.number == built);
        let at_work = matches!(
            self.phase,
            Phase::AwaitingModel(_) | Phase::RunningTools(_) | Phase::Deleted { .. }
        );
        let Ok(path) = LOCK_FILE.parse::<ProjectPath>() else {
            return;
        };
        if !is_newest || at_work || !self.is_committed() {
            return;
        }
        let before = self.manifest.digest();
        self.apply_change(path, Some(lockfile), Author::System, step);
        if self.manifest.digest() != before {
            let summary = "Locked the versions of its packages".to_owned();
            self.keep_version(Author::System, summary, None, step);
        }
    }

    /// Makes the files a version.
    fn keep_version(
        &mut self,
        author: Author,
        summary: String,
        turn: Option<TurnId>,
        step: &mut Step<'_>,
    ) {
        let parent = self.head.map(|head| head.number);
        let version = Version {
            number: parent.unwrap_or(0) + 1,
            parent,
            author,
            summary,
            turn,
            files: self.manifest.len(),
            created_at: step.now,
        };
        self.head = Some(Head {
            number: version.number,
            digest: self.manifest.digest(),
        });
        step.feed(Event::VersionCreated {
            turn: version.turn.clone(),
            version: version.number,
            parent,
            author,
            summary: version.summary.clone(),
            files: version.files,
        });
        step.effects.push(Effect::Version {
            version,
            manifest: self.manifest.clone(),
        });
    }

    pub(super) fn is_committed(&self) -> bool {
        self.head
            .is_some_and(|head| head.digest == self.manifest.digest())
    }

    pub(super) fn apply_change(
        &mut self,
        path: ProjectPath,
        entry: Option<FileEntry>,
        by: Author,
        step: &mut Step<'_>,
    ) {
        match entry {
            // The tools have checked the limits on this very manifest.
            Some(entry) => {
                if self.manifest.put(path.clone(), entry, step.limits).is_err() {
                    return;
                }
            }
            None => {
                self.manifest.remove(&path);
            }
        }
        self.revision += 1;
        step.feed(Event::FileChanged {
            path,
            hash: entry.map(|entry| entry.hash),
            by,
        });
    }

    pub(super) fn refuse_before_foundation(&self) -> Result<()> {
        if self.head.is_some() {
            return Ok(());
        }
        Err(Error::new(
            Kind::Conflict,
            "The app's first files are not there yet. Try again in a moment.",
        ))
    }
}

fn last_version(effects: &[Effect]) -> Option<Version> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Version { version, .. } => Some(version.clone()),
        _ => None,
    })
}

//! A Dockerfile as far as this project's uses the language.

use anyhow::{Context, Result, bail};

/// What is done with a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// The supervisor is compiled.
    Compile,
    /// The packages are installed by npm, with these words.
    Install(Vec<String>),
    /// Files are copied into a stage, or from one into the next.
    Copy,
    /// It is a property of the image that is read, not done.
    Property,
    /// It changes the base image, which is not there.
    Base,
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// As it is written, on one line.
    pub(super) text: String,
    /// What is done with it.
    pub(super) act: Act,
}

impl Step {
    /// Whether it is performed without Docker.
    pub(super) fn is_performed(&self) -> bool {
        self.act != Act::Base
    }
}

/// What the last stage says of the image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Image {
    /// Every instruction, in order.
    pub(super) steps: Vec<Step>,
    /// The user's number, and the group's.
    pub(super) user: String,
    /// What is run.
    pub(super) entry: Vec<String>,
    /// What tells whether it is well.
    pub(super) health: Vec<String>,
    /// Where it may write.
    pub(super) volumes: Vec<String>,
    /// Where it listens.
    pub(super) port: u16,
}

/// Reads a Dockerfile.
///
/// # Errors
/// At an instruction or a step that is not known here.
pub(super) fn read(text: &str) -> Result<Image> {
    let mut image = Image::default();
    for line in lines(text) {
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let rest = rest.trim();
        let act = match word {
            "ARG" | "FROM" => Act::Base,
            "WORKDIR" => Act::Property,
            "COPY" => Act::Copy,
            "RUN" => run(rest)?,
            "USER" => {
                rest.clone_into(&mut image.user);
                Act::Property
            }
            "EXPOSE" => {
                image.port = rest.parse().with_context(|| format!("no port: {rest}"))?;
                Act::Property
            }
            "VOLUME" => {
                image.volumes.push(rest.to_owned());
                Act::Property
            }
            "HEALTHCHECK" => {
                let (_, command) = rest.split_once("CMD ").context("HEALTHCHECK without CMD")?;
                image.health = words(command)?;
                Act::Property
            }
            "ENTRYPOINT" => {
                image.entry = words(rest)?;
                Act::Property
            }
            _ => bail!("`{line}`: an instruction that xtask/src/image does not know"),
        };
        image.steps.push(Step { text: line, act });
    }
    if image.user.is_empty() || image.entry.is_empty() || image.health.is_empty() {
        bail!("the image must say USER, ENTRYPOINT and HEALTHCHECK");
    }
    Ok(image)
}

fn run(command: &str) -> Result<Act> {
    let words: Vec<_> = command.split(' ').map(str::to_owned).collect();
    Ok(
        match words
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice()
        {
            ["cargo", "build", ..] => Act::Compile,
            ["npm", "ci", ..] => Act::Install(words.into_iter().skip(1).collect()),
            ["apt-get" | "groupadd", ..] | ["npm", "install", "--global", ..] => Act::Base,
            _ => bail!("`RUN {command}`: a step that xtask/src/image does not know"),
        },
    )
}

fn words(json: &str) -> Result<Vec<String>> {
    serde_json::from_str(json).with_context(|| format!("no list of words: {json}"))
}

/// Instructions without comments, each on one line.
fn lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        open.push_str(line.trim());
        if let Some(more) = open.strip_suffix('\\') {
            open = more.to_owned();
        } else if !open.is_empty() {
            lines.push(std::mem::take(&mut open));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# a comment\nFROM a AS b\nRUN cargo build --x\nRUN npm ci --y \\\n  --z\nUSER 1:2\nEXPOSE 80\n\
                        VOLUME /state\nHEALTHCHECK --interval=1s \\\n  CMD [\"node\", \"-e\", \"1\"]\nENTRYPOINT [\"b\"]\n";

    #[test]
    fn instructions_are_read() {
        let image = read(GOOD).unwrap();
        assert_eq!((image.user.as_str(), image.port), ("1:2", 80));
        assert_eq!(
            (image.entry, image.volumes),
            (vec!["b".to_owned()], vec!["/state".to_owned()])
        );
        assert_eq!(image.health, ["node", "-e", "1"]);
        let acts: Vec<_> = image.steps.iter().map(|step| step.act.clone()).collect();
        let install = Act::Install(["ci", "--y", "--z"].map(str::to_owned).to_vec());
        assert_eq!(acts[..3], [Act::Base, Act::Compile, install]);
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        for (more, said) in [
            ("RUN curl x | sh\n", "RUN curl"),
            ("ADD a b\n", "ADD a b"),
            ("EXPOSE x\n", "no port"),
        ] {
            let error = read(&format!("{GOOD}{more}")).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert!(read("FROM a\n").is_err());
    }

    #[test]
    fn this_projects_is_known() {
        let text =
            std::fs::read_to_string(crate::place::root().join("builder-container/Dockerfile"));
        let image = read(&text.unwrap()).unwrap();
        assert_eq!(image.user, "10001:10001");
        assert!(
            image
                .steps
                .iter()
                .filter(|step| step.is_performed())
                .count()
                > 10
        );
    }
}

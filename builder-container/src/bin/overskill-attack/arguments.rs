//! The command line.

use std::path::PathBuf;

use crate::attack::Attack;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
overskill-attack: attacks a builder of its own, and says what came of each attempt

  --level LEVEL    namespaces, landlock, auto: the strongest that holds, or none: without a sandbox, to see what the
                   attacks are worth (default: namespaces and landlock, as far as this machine offers them)
  --group GROUP    sources, workers, requests or clients: those attacks only
  --only NAME      that attack only
  --neighbour N    build somebody else's app after every Nth attack and the last one, instead of after each
  --list           name the attacks, try none
  --json           one JSON object instead of lines
  --builder PATH   the builder's program (required)
  --toolchain DIR  folder with package.json, package-lock.json and node_modules (required)
  --extras DIR     folder with the builder's own packages: Tailwind 3 (default: none, and nothing of it is attacked)
  --state DIR      folder for the builder and the canaries; made, and removed at the end (required)
  --node PATH      Node 22.15 or newer (default: node)

exit status: 0 all contained; 1 not; 3 not tried";

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Levels, in order.
    pub(crate) levels: Vec<String>,
    group: Option<String>,
    only: Option<String>,
    /// After how many attacks somebody else's app is built, to see whether it still is; after the last one always.
    pub(crate) neighbour: usize,
    /// Whether to name the attacks and try none.
    pub(crate) list: bool,
    /// Whether to print JSON.
    pub(crate) json: bool,
    /// The builder's program.
    pub(crate) builder: PathBuf,
    /// The packages that build.
    pub(crate) toolchain: PathBuf,
    /// The builder's own packages.
    pub(crate) extras: Option<PathBuf>,
    /// Where everything lives.
    pub(crate) state: PathBuf,
    /// The Node program.
    pub(crate) node: PathBuf,
}

impl Arguments {
    /// Reads the words after the program's name; nothing when help is asked for.
    ///
    /// # Errors
    /// At the first word that is unknown, incomplete or missing, with a sentence.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Option<Self>, String> {
        let mut arguments = Self {
            levels: Vec::new(),
            group: None,
            only: None,
            neighbour: 1,
            list: false,
            json: false,
            builder: PathBuf::new(),
            toolchain: PathBuf::new(),
            extras: None,
            state: PathBuf::new(),
            node: PathBuf::from("node"),
        };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" => return Ok(None),
                "--list" => arguments.list = true,
                "--json" => arguments.json = true,
                _ => {
                    let value = words.next().ok_or(format!("`{word}` needs a value"))?;
                    arguments.set(&word, value)?;
                }
            }
        }
        if arguments.levels.is_empty() {
            arguments.levels = ["namespaces", "landlock"].map(str::to_owned).to_vec();
        }
        let needed = [
            ("--builder", &arguments.builder),
            ("--toolchain", &arguments.toolchain),
            ("--state", &arguments.state),
        ];
        let missing = needed
            .iter()
            .find(|(_, path)| path.as_os_str().is_empty() && !arguments.list);
        match missing {
            Some((flag, _)) => Err(format!("`{flag}` is missing")),
            None => Ok(Some(arguments)),
        }
    }

    fn set(&mut self, flag: &str, value: String) -> Result<(), String> {
        match flag {
            "--level" if ["auto", "namespaces", "landlock", "none"].contains(&value.as_str()) => {
                self.levels.push(value);
            }
            "--level" => return Err("`--level` is auto, namespaces, landlock or none".to_owned()),
            "--group" => self.group = Some(value),
            "--only" => self.only = Some(value),
            "--neighbour" => {
                self.neighbour = value
                    .parse()
                    .ok()
                    .filter(|every| *every > 0)
                    .ok_or("`--neighbour` is a number from 1 on")?;
            }
            "--builder" => self.builder = value.into(),
            "--toolchain" => self.toolchain = value.into(),
            "--extras" => self.extras = Some(value.into()),
            "--state" => self.state = value.into(),
            "--node" => self.node = value.into(),
            _ => return Err(format!("unknown flag `{flag}`")),
        }
        Ok(())
    }

    /// Whether an attack is asked for.
    pub(crate) fn wants(&self, attack: &Attack) -> bool {
        let fits =
            |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|one| one == is);
        fits(&self.group, attack.group) && fits(&self.only, attack.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Arguments>, String> {
        Arguments::parse(line.split(' ').map(str::to_owned))
    }

    #[test]
    fn words_are_read() {
        let line = "--builder b --toolchain t --state s --group sources --level none --json";
        let arguments = parse(line).unwrap().unwrap();
        assert_eq!(arguments.levels, ["none"]);
        assert!(arguments.json && !arguments.list);
        let attack = |group| Attack::new(group, "a", "", |_| Err("not run".to_owned()));
        assert!(arguments.wants(&attack("sources")));
        assert!(!arguments.wants(&attack("clients")));
        let all = parse("--builder b --toolchain t --state s --node n")
            .unwrap()
            .unwrap();
        assert_eq!(all.levels, ["namespaces", "landlock"]);
        assert_eq!(all.neighbour, 1);
        let some = parse("--builder b --toolchain t --state s --neighbour 6");
        assert_eq!(some.unwrap().unwrap().neighbour, 6);
        assert_eq!(parse("--help"), Ok(None));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, said) in [
            ("--builder b --toolchain t", "`--state` is missing"),
            ("--speed 1", "unknown flag `--speed`"),
            ("--state", "`--state` needs a value"),
            ("--level all", "auto, namespaces, landlock or none"),
            ("--neighbour 0", "a number from 1 on"),
            ("--neighbour often", "a number from 1 on"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(said), "{line}: {error}");
        }
    }
}

//! The command line, parsed into values; nothing is done here.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};
use lexopt::prelude::*;

use crate::data::Backend;
use crate::place;

/// Printed by `--help` and after a mistake.
pub(crate) const USAGE: &str = "\
cargo xtask COMMAND

  dev      install what is missing, build, start everything, keep it running
             --port N      port of the console and the apps (8787; 0: any free one)
             --state DIR   where apps, tokens and logs are kept (.overskill)
             --fresh       forget that state first
             --no-build    start what was built before
             --stop        stop the stack of that state
  try      make an app from a prompt, follow it, check that it renders
             \"PROMPT\"      what the app should be
             --app ID      send the prompt to this app instead of making one
             --port N, --state DIR   as for dev, when a stack has to be started
  build    build the folder DIR as the product would, and say what is wrong with it
             --mode development|production   (development)
             --types always|report|block|off  what type errors are: warnings, of production builds alone, errors, nothing (always)
             --json        one JSON object instead of text
             --out OUT     write what was built there
             exit status: 0 built, 1 its author can mend it, 2 over a limit or no web project, 3 our fault
  test     run all checks
             --quick       without workerd and browser
             --full        with the large counts, mutants, coverage, the image, and the specs `crowd` and `kills`
  attack   builder       try everything hostile on a builder, and say what came of each; --list names all
             --level namespaces|landlock|auto|none   (namespaces and landlock, as far as they are offered)
             --group sources|workers|requests|clients, --only NAME, --json
             --neighbour N   build somebody else's app after every Nth attack (1)
             exit status: 0 all contained, 1 not, 3 not tried
  chaos    kill workerd, the builder and a double of the model at every entry of an app's journal and at random, and compare
             --kills N     how often (200)
             --seed S      what chance is made of; printed, so that a run can be had again
             exit status: 0 all came to the same, 1 not
  engine   run one of the core's engines: JSON lines in, JSON lines out
             edits [--dialect line_replace|edit_lines]
             preflight
             stream --provider anthropic|openai-responses|openai-chat [--chunk N]
  mutants  test the mutants of FILE…, or of listed files that changed; keeps tests/mutants.json
  eval     edits FILE.jsonl   how the edit engine does on recorded edits, and what they save
           edits --generated COUNT [--seed N]   on generated ones
           tokens PATH…   how far estimated tokens are from o200k, over files and corpora
  fuzz     edits [--minutes N]   arbitrary edits of arbitrary texts, with libFuzzer (10)
  deploy   put OverSkill on a Cloudflare account; CLOUDFLARE_API_TOKEN opens it (docs/deploy.md)
             --console HOST   host name of the console, in a zone of the account
             --apps DOMAIN    domain of the apps, in another zone of it
             --check       only say what the token lacks, and what would be made
             --no-build    deploy what was built before
             --state DIR   where the secrets that are made are kept, in its folder `deploy` (.overskill)
  doctor   say what is installed, what is not and what to do
  migrate  bring a Supabase project's database to the newest migration: SUPABASE_DB_URL names it
             --url URL     this one instead (whoever lists processes sees it)
             --check       only say what would be applied
             exit status: 0 nothing is left to do, 1 --check found something to do, 2 it failed
  bench    journey [--runs N]   time each stage from prompt to preview (10)
           build [--quick]      builds, cold, warm and several at once, beside bare Vite; memory over 100 of them
           conversations        100 conversations at once: how soon messages are accepted, and the memory that they take
           data [--backend postgres|pglite]   an app's queries beside plain ones, and how soon its tables are there (postgres)
           router               requests of an app through router and loader, beside a plain Worker and `vite preview`
           edits                CPU time to locate and splice edits, natively and in workerd
  coverage how much of the critical rooms' lines the native tests reach
  image    lint the builder's Dockerfile, perform its steps without Docker, and build through what comes of it
  exports  write the list of what the foundation's packages export
  worker   build the Worker only: index.js, index_bg.wasm and syntax.wasm in build
";

/// Where a stack keeps its state and listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Port of the Worker; 0 picks a free one; `None` was not said.
    pub(crate) port: Option<u16>,
    /// The state folder.
    pub(crate) state: PathBuf,
}

/// How much `test` checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Without workerd and browser.
    Quick,
    /// What CI runs.
    Usual,
    /// With the counts that take long.
    Full,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Run the stack in the foreground.
    Dev {
        /// Where.
        place: Place,
        /// Forget the state first.
        fresh: bool,
        /// Build before starting.
        build: bool,
    },
    /// Stop a running stack.
    Stop {
        /// Its state folder.
        state: PathBuf,
    },
    /// Make or change an app.
    Try {
        /// Where.
        place: Place,
        /// The message.
        prompt: String,
        /// The app that gets it; a new one without.
        app: Option<String>,
    },
    /// Build a folder.
    Build {
        /// What the program that builds is told.
        words: Vec<String>,
    },
    /// Attack a builder.
    Attack {
        /// What the program that attacks is told.
        words: Vec<String>,
    },
    /// Kill what runs, and compare.
    Chaos {
        /// How often.
        kills: u32,
        /// What chance is made of.
        seed: Option<u32>,
    },
    /// Run the checks.
    Test(Depth),
    /// Bring a project's database to the newest migration.
    Migrate {
        /// Its address, where the environment is not to name it.
        url: Option<String>,
        /// Whether nothing is to be changed.
        check: bool,
    },
    /// Put the product on a Cloudflare account.
    Deploy {
        /// Host name of the console.
        console: String,
        /// Domain of the apps.
        apps: String,
        /// The state folder.
        state: PathBuf,
        /// Whether nothing is to be changed.
        check: bool,
        /// Build before that.
        build: bool,
    },
    /// Look at the machine.
    Doctor,
    /// Time the way of a prompt.
    Bench {
        /// Where.
        place: Place,
        /// Samples.
        runs: u32,
    },
    /// Time what an app does with its data, beside what it would cost without isolation.
    BenchData {
        /// Over what.
        backend: Backend,
    },
    /// Time builds, beside bare Vite.
    BenchBuild {
        /// Whether few runs are enough.
        quick: bool,
    },
    /// Time edits, natively and in workerd.
    BenchEdits,
    /// Talk to many apps at once.
    BenchConversations,
    /// Ask an app through the router and the loader, beside a plain Worker.
    BenchRouter,
    /// Run one of the core's engines on standard input and output.
    Engine {
        /// What it is told.
        words: Vec<String>,
    },
    /// Fuzz the edit engine.
    Fuzz {
        /// For how long.
        minutes: u32,
    },
    /// Test mutants and keep the list of those that survive.
    Mutants {
        /// Which files; those that changed, when there are none.
        files: Vec<String>,
    },
    /// Measure how many lines the tests reach.
    Coverage,
    /// Check the builder's image.
    Image,
    /// Write the list of what packages export.
    Exports,
    /// Build the Worker.
    Worker,
    /// Print the usage.
    Help,
}

#[derive(Default)]
struct Options {
    port: Option<u16>,
    state: Option<PathBuf>,
    fresh: bool,
    no_build: bool,
    stop: bool,
    quick: bool,
    full: bool,
    app: Option<String>,
    runs: Option<u32>,
    minutes: Option<u32>,
    kills: Option<u32>,
    seed: Option<u32>,
    url: Option<String>,
    console: Option<String>,
    apps: Option<String>,
    check: bool,
    backend: Option<String>,
    words: Vec<String>,
    help: bool,
}

impl Options {
    fn place(&self) -> Place {
        let state = self.state.clone().unwrap_or_else(place::default_state);
        Place {
            port: self.port,
            state: std::path::absolute(&state).unwrap_or(state),
        }
    }
}

/// Parses the words after `cargo xtask`.
///
/// # Errors
/// On an unknown command or option, a missing or malformed value, or a missing prompt.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Task> {
    let mut parser = lexopt::Parser::from_args(args);
    let command = match parser.next()? {
        Some(Value(word)) => word.string()?,
        None | Some(Long("help") | Short('h')) => return Ok(Task::Help),
        Some(other) => return Err(other.unexpected().into()),
    };
    if ["attack", "build", "engine", "eval"].contains(&command.as_str()) {
        // These programs read their own options.
        let words = parser.raw_args()?.map(|word| word.string());
        let mut words = words.collect::<Result<Vec<_>, _>>()?;
        if command == "build" {
            return Ok(Task::Build { words });
        }
        if command == "attack" {
            if words.first().is_none_or(|what| what != "builder") {
                bail!("`attack` has one target: cargo xtask attack builder");
            }
            words.remove(0);
            return Ok(Task::Attack { words });
        }
        if command == "eval" {
            words.insert(0, command);
        }
        return Ok(Task::Engine { words });
    }
    let allowed: &[&str] = match command.as_str() {
        "dev" => &["port", "state", "fresh", "no-build", "stop"],
        "try" => &["port", "state", "app"],
        "test" => &["quick", "full"],
        "bench" => &["port", "state", "runs", "quick", "backend"],
        "fuzz" => &["minutes"],
        "chaos" => &["kills", "seed"],
        "migrate" => &["url", "check"],
        "deploy" => &["console", "apps", "check", "no-build", "state"],
        "doctor" | "coverage" | "image" | "exports" | "worker" | "mutants" => &[],
        "help" => return Ok(Task::Help),
        other => bail!("there is no command `{other}`\n\n{USAGE}"),
    };
    let options = options(&mut parser, &command, allowed)?;
    if options.help {
        return Ok(Task::Help);
    }
    task(&command, options)
}

fn options(parser: &mut lexopt::Parser, command: &str, allowed: &[&str]) -> Result<Options> {
    let mut options = Options::default();
    while let Some(arg) = parser.next()? {
        if let Long(name) = arg
            && name != "help"
            && !allowed.contains(&name)
        {
            bail!("`{command}` has no option --{name}\n\n{USAGE}");
        }
        match arg {
            Long("port") => options.port = Some(parser.value()?.parse()?),
            Long("state") => options.state = Some(parser.value()?.into()),
            Long("fresh") => options.fresh = true,
            Long("no-build") => options.no_build = true,
            Long("stop") => options.stop = true,
            Long("url") => options.url = Some(parser.value()?.string()?),
            Long("console") => options.console = Some(parser.value()?.string()?),
            Long("apps") => options.apps = Some(parser.value()?.string()?),
            Long("backend") => options.backend = Some(parser.value()?.string()?),
            Long("check") => options.check = true,
            Long("quick") => options.quick = true,
            Long("full") => options.full = true,
            Long("app") => options.app = Some(parser.value()?.string()?),
            Long("runs") => options.runs = Some(parser.value()?.parse()?),
            Long("minutes") => options.minutes = Some(parser.value()?.parse()?),
            Long("kills") => options.kills = Some(parser.value()?.parse()?),
            Long("seed") => options.seed = Some(parser.value()?.parse()?),
            Long("help") | Short('h') => options.help = true,
            Value(word) => options.words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

fn task(command: &str, mut options: Options) -> Result<Task> {
    let place = options.place();
    let words = std::mem::take(&mut options.words);
    let task = match (command, words.as_slice()) {
        ("dev", []) if options.stop => Task::Stop { state: place.state },
        ("dev", []) => Task::Dev {
            place,
            fresh: options.fresh,
            build: !options.no_build,
        },
        ("try", [prompt]) if !prompt.trim().is_empty() => Task::Try {
            place,
            prompt: prompt.clone(),
            app: options.app,
        },
        ("try", _) => bail!("`try` takes one prompt, in quotes: cargo xtask try \"a recipe box\""),
        ("test", []) => match (options.quick, options.full) {
            (true, true) => bail!("--quick and --full exclude each other"),
            (true, false) => Task::Test(Depth::Quick),
            (false, true) => Task::Test(Depth::Full),
            (false, false) => Task::Test(Depth::Usual),
        },
        ("bench", [what]) if what == "journey" => match options.runs.unwrap_or(10) {
            0 => bail!("--runs must be at least 1"),
            runs => Task::Bench { place, runs },
        },
        ("bench", [what]) if what == "edits" => Task::BenchEdits,
        ("bench", [what]) if what == "router" => Task::BenchRouter,
        ("bench", [what]) if what == "conversations" => Task::BenchConversations,
        ("bench", [what]) if what == "data" => Task::BenchData {
            backend: Backend::of(options.backend.as_deref().unwrap_or("postgres"))?,
        },
        ("bench", [what]) if what == "build" => Task::BenchBuild {
            quick: options.quick,
        },
        ("bench", _) => {
            bail!("`bench` measures one of: journey, build, conversations, data, edits, router")
        }
        ("fuzz", [what]) if what == "edits" => match options.minutes.unwrap_or(10) {
            0 => bail!("--minutes must be at least 1"),
            minutes => Task::Fuzz { minutes },
        },
        ("fuzz", _) => bail!("`fuzz` has one target: cargo xtask fuzz edits [--minutes N]"),
        ("chaos", []) => match options.kills.unwrap_or(200) {
            0 => bail!("--kills must be at least 1"),
            kills => Task::Chaos {
                kills,
                seed: options.seed,
            },
        },
        ("migrate", []) => Task::Migrate {
            url: options.url,
            check: options.check,
        },
        ("deploy", []) => deployment(options)?,
        ("doctor", []) => Task::Doctor,
        ("coverage", []) => Task::Coverage,
        ("image", []) => Task::Image,
        ("exports", []) => Task::Exports,
        ("worker", []) => Task::Worker,
        ("mutants", files) => Task::Mutants {
            files: files.to_vec(),
        },
        (_, words) => bail!("`{command}` takes no `{}`\n\n{USAGE}", words.join(" ")),
    };
    Ok(task)
}

fn deployment(options: Options) -> Result<Task> {
    let state = options.place().state;
    let (Some(console), Some(apps)) = (options.console, options.apps) else {
        bail!(
            "`deploy` needs both hosts: cargo xtask deploy --console console.example.com --apps apps.example.net"
        );
    };
    Ok(Task::Deploy {
        console,
        apps,
        state,
        check: options.check,
        build: !options.no_build,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> Result<Task> {
        parse(line.iter().map(OsString::from))
    }

    #[test]
    fn dev_has_defaults() {
        let place = Place {
            port: None,
            state: place::default_state(),
        };
        assert_eq!(
            parsed(&["dev"]).unwrap(),
            Task::Dev {
                place,
                fresh: false,
                build: true
            }
        );
    }

    #[test]
    fn the_usage_is_of_commands_that_there_are() {
        let commands: Vec<&str> = USAGE
            .lines()
            .skip(2)
            .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
            .filter(|word| !word.is_empty())
            .collect();
        assert!(commands.len() > 10, "{commands:?}");
        for command in commands {
            let said = parsed(&[command, "--help"]).map_err(|error| error.to_string());
            let own = ["attack", "build", "engine", "eval"].contains(&command);
            assert!(own || said == Ok(Task::Help), "{command}: {said:?}");
        }
        let lines = USAGE.lines().skip(2);
        assert!(lines.clone().all(|line| line.starts_with("  ")), "{USAGE}");
    }

    #[test]
    fn options_of_other_commands_are_refused() {
        let error = parsed(&["doctor", "--fresh"]).unwrap_err().to_string();
        assert!(
            error.starts_with("`doctor` has no option --fresh"),
            "{error}"
        );
    }

    #[test]
    fn an_engine_reads_its_own_options() {
        let words = ["edits", "--dialect", "edit_lines"].map(str::to_owned);
        assert_eq!(
            parsed(&["engine", "edits", "--dialect", "edit_lines"]).unwrap(),
            Task::Engine {
                words: words.to_vec()
            }
        );
    }

    #[test]
    fn evaluations_are_the_engines() {
        for (line, words) in [
            (
                &["eval", "edits", "a.jsonl"][..],
                &["eval", "edits", "a.jsonl"][..],
            ),
            (
                &["eval", "edits", "--generated", "9"],
                &["eval", "edits", "--generated", "9"],
            ),
        ] {
            let words = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(parsed(line).unwrap(), Task::Engine { words });
        }
        assert_eq!(parsed(&["bench", "edits"]).unwrap(), Task::BenchEdits);
        let line = ["bench", "conversations"];
        assert_eq!(parsed(&line).unwrap(), Task::BenchConversations);
        assert_eq!(parsed(&["bench", "router"]).unwrap(), Task::BenchRouter);
        let quick = true;
        assert_eq!(
            parsed(&["bench", "build", "--quick"]).unwrap(),
            Task::BenchBuild { quick }
        );
        let backend = Backend::Postgres;
        assert_eq!(
            parsed(&["bench", "data"]).unwrap(),
            Task::BenchData { backend }
        );
        let error = parsed(&["bench", "data", "--backend", "sqlite"]).unwrap_err();
        assert!(error.to_string().contains("postgres or pglite"));
        assert!(parsed(&["bench", "all"]).is_err());
    }

    #[test]
    fn a_migration_may_only_be_looked_at() {
        let (url, check) = (None, true);
        assert_eq!(
            parsed(&["migrate", "--check"]).unwrap(),
            Task::Migrate { url, check }
        );
        assert!(parsed(&["migrate", "postgres://x"]).is_err());
    }

    #[test]
    fn a_deployment_names_its_hosts() {
        let line = ["deploy", "--console", "c.test", "--apps", "a.test"];
        let Task::Deploy {
            console,
            apps,
            check: false,
            build: true,
            ..
        } = parsed(&line).unwrap()
        else {
            panic!("a deployment")
        };
        assert_eq!((console.as_str(), apps.as_str()), ("c.test", "a.test"));
        for short in [&line[..1], &line[..3]] {
            let error = parsed(short).unwrap_err().to_string();
            assert!(error.contains("needs both hosts"), "{error}");
        }
        assert!(parsed(&["deploy", "--token", "x"]).is_err());
    }

    #[test]
    fn an_attack_names_its_target() {
        let words = ["--only", "files"].map(str::to_owned).to_vec();
        assert_eq!(
            parsed(&["attack", "builder", "--only", "files"]).unwrap(),
            Task::Attack { words }
        );
        assert!(parsed(&["attack", "--only", "files"]).is_err());
    }

    #[test]
    fn chaos_has_a_count_and_may_have_a_seed() {
        let (kills, seed) = (200, None);
        assert_eq!(parsed(&["chaos"]).unwrap(), Task::Chaos { kills, seed });
        let (kills, seed) = (30, Some(7));
        let line = ["chaos", "--kills", "30", "--seed", "7"];
        assert_eq!(parsed(&line).unwrap(), Task::Chaos { kills, seed });
        assert!(parsed(&["chaos", "--kills", "0"]).is_err());
    }

    #[test]
    fn a_port_out_of_range_is_refused() {
        assert!(parsed(&["dev", "--port", "70000"]).is_err());
    }

    #[test]
    fn try_needs_a_prompt() {
        assert!(parsed(&["try"]).is_err());
        assert!(parsed(&["try", "  "]).is_err());
        assert!(matches!(
            parsed(&["try", "a recipe box"]),
            Ok(Task::Try { app: None, .. })
        ));
    }

    #[test]
    fn a_mistyped_command_shows_the_usage() {
        let error = parsed(&["dve"]).unwrap_err().to_string();
        assert!(error.contains("cargo xtask COMMAND"), "{error}");
    }
}

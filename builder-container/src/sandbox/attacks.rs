//! Programs that try to get out, of `tests/attacks`: at every level that holds here, at the one that a builder would choose
//! last as well. Each tells that every attempt failed. `overskill-attack` lets all of that folder loose on a builder.

use std::{
    ffi::OsString,
    io::Read as _,
    net::TcpListener,
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixListener},
    },
    process::Output,
};

use nix::{
    errno::Errno,
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use serde_json::json;
use tokio::time::timeout;

use super::{
    guard::{BUSY, watch},
    *,
};
use crate::{scratch::Scratch, toolchain::Toolchain};

const PREAMBLE: &str = r#"
globalThis.order = JSON.parse(process.argv[1])
globalThis.escaped = (how) => { console.log(`escaped: ${how}`); process.exit(1) }
globalThis.held = () => { console.log("held"); process.exit(0) }
globalThis.refused = (what, act) => {
  try { act() } catch { return }
  globalThis.escaped(`it could ${what}`)
}
"#;

/// A state folder, and the levels that hold.
struct Place {
    scratch: Scratch,
    view: View,
    root: PathBuf,
}

impl Place {
    async fn open(name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../target/tmp")
            .join(format!("attacks-{}-{name}", std::process::id()));
        let scratch = Scratch::open(&root).unwrap().unwrap();
        let foundation = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates/foundation");
        let node = std::env::var_os("OVERSKILL_NODE").unwrap_or_else(|| "node".into());
        let toolchain = Toolchain::open(&foundation, Path::new(&node))
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        scratch.install(&toolchain).unwrap();
        let mut view = scratch.view(&toolchain);
        // Where another user can reach it.
        view.node = root.join("node");
        fs::copy(&toolchain.node, &view.node).unwrap();
        Self {
            scratch,
            view,
            root,
        }
    }

    async fn sandboxes(&self) -> Vec<Sandbox> {
        let mut found = Vec::new();
        let cpu = Duration::from_secs(60);
        for choice in [Choice::Namespaces, Choice::Landlock] {
            match choose(choice, &self.view, &self.scratch, cpu).await {
                Ok(sandbox) => found.push(sandbox),
                Err(error) => eprintln!("not here: {error}"),
            }
        }
        // As it is where Node lies in a folder of root's.
        if found
            .iter()
            .any(|sandbox| sandbox.level == Level::Landlock { own_user: true })
        {
            let level = Level::Landlock { own_user: false };
            found.push(Sandbox::new(level, self.view.clone(), cpu));
        }
        assert!(!found.is_empty(), "no level holds here");
        found
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// How a program ended that was let run, or stopped by the guard.
enum End {
    Itself(Output),
    Guard,
}

/// Runs it, and kills what is left. Fails when that is not all.
async fn run(
    sandbox: &Sandbox,
    folder: &Path,
    user: Option<User>,
    arguments: impl IntoIterator<Item = OsString>,
) -> End {
    let mut command = sandbox.command(folder, user).unwrap();
    let child = command.args(arguments).spawn().unwrap();
    let group = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap());
    let peak = std::sync::atomic::AtomicU64::new(0);
    let ended = timeout(Duration::from_secs(30), async {
        tokio::select! {
            // A process that is left behind may keep the pipes open.
            output = output(child) => End::Itself(output),
            _ = watch(group, folder, None, &peak, BUSY) => End::Guard,
        }
    })
    .await
    .expect("it still runs after 30 s");
    let _ = killpg(group, Signal::SIGKILL);
    members::gone(group).await;
    assert_eq!(members::of(group).unwrap(), [], "{}", sandbox.level);
    assert_eq!(naming(folder), Vec::<String>::new(), "{}", sandbox.level);
    ended
}

/// Processes among whose arguments the folder is, whatever group they are in.
fn naming(folder: &Path) -> Vec<String> {
    let lines = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let line = fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).into_owned())
    });
    lines
        .filter(|line| line.contains(folder.to_str().unwrap()))
        .collect()
}

async fn output(mut child: tokio::process::Child) -> Output {
    use tokio::io::AsyncReadExt as _;
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (mut told, mut said) = (Vec::new(), Vec::new());
    let status = child.wait().await.unwrap();
    let brief = Duration::from_millis(200);
    let _ = timeout(brief, stdout.read_to_end(&mut told)).await;
    let _ = timeout(brief, stderr.read_to_end(&mut said)).await;
    Output {
        status,
        stdout: told,
        stderr: said,
    }
}

/// Lets one of the programs loose at every level.
async fn attack(name: &str) {
    let place = Place::open(name).await;
    let sandboxes = place.sandboxes().await;
    for (level, end) in loose(name, &place, &sandboxes).await {
        match end {
            End::Guard => assert!(name.starts_with("bomb-"), "{level}: it was stopped"),
            End::Itself(output) => {
                let told = String::from_utf8_lossy(&output.stdout);
                let said = String::from_utf8_lossy(&output.stderr);
                if name.starts_with("bomb-") {
                    assert!(!output.status.success(), "{level}: {told} {said}");
                } else {
                    assert_eq!(told, "held\n", "{level}: {said}");
                }
            }
        }
        eprintln!("{name}: {level} holds");
    }
}

async fn loose<'a>(name: &str, place: &Place, sandboxes: &'a [Sandbox]) -> Vec<(&'a Level, End)> {
    let script = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/attacks")
            .join(format!("{name}.mjs")),
    )
    .unwrap();
    let other = place.scratch.incoming().unwrap();
    let canary = other.path().join("canary");
    fs::write(&canary, "canary").unwrap();
    let elsewhere = std::env::temp_dir().join(format!("overskill-{}", std::process::id()));
    fs::create_dir_all(&elsewhere).unwrap();
    fs::write(elsewhere.join("canary"), "canary").unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = elsewhere.join("socket");
    let _unix = UnixListener::bind(&socket).unwrap();
    let abstract_name = format!("overskill-attacks-{}", std::process::id());
    let _abstract =
        UnixListener::bind_addr(&SocketAddr::from_abstract_name(abstract_name.as_bytes()).unwrap())
            .unwrap();
    let mut bystander = Command::new("sleep")
        .arg("86399")
        .kill_on_drop(true)
        .spawn()
        .unwrap();

    let mut ends = Vec::new();
    for sandbox in sandboxes {
        let folder = place.scratch.worker().unwrap();
        let user = sandbox.prepare(folder.path()).unwrap();
        let order = json!({
            "canary": canary,
            "elsewhere": elsewhere.join("canary"),
            "other": other.path(),
            "state": place.view.state,
            "scripts": place.view.scripts,
            "packages": place.view.packages,
            "folder": folder.path(),
            "node": place.view.node,
            "port": tcp.local_addr().unwrap().port(),
            "socket": socket,
            "abstract": abstract_name,
            "supervisor": std::process::id(),
            "bystander": bystander.id(),
            "bystanderLine": "sleep\u{0}86399\u{0}",
            "namespaces": matches!(sandbox.level, Level::Namespaces { .. }),
            "ownUser": user.is_some(),
        });
        let program = format!("{PREAMBLE}\n{script}");
        let arguments = [
            "--input-type=module",
            "--eval",
            &program,
            &order.to_string(),
        ]
        .map(OsString::from);
        let end = run(sandbox, folder.path(), user, arguments).await;
        ends.push((&sandbox.level, end));
    }
    assert!(bystander.try_wait().unwrap().is_none());
    bystander.kill().await.unwrap();
    fs::remove_dir_all(elsewhere).unwrap();
    ends
}

/// What the attacks are worth: without a sandbox they succeed. Those that would leave something behind are not tried.
#[tokio::test]
async fn without_a_sandbox_they_get_out() {
    let place = Place::open("none").await;
    let none = [Sandbox::new(
        Level::None,
        place.view.clone(),
        Duration::from_secs(60),
    )];
    for name in ["files", "environment", "network"] {
        for (_, end) in loose(name, &place, &none).await {
            let End::Itself(output) = end else {
                panic!("{name}: it was stopped")
            };
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(told.starts_with("escaped: "), "{name}: {told}");
        }
    }
}

macro_rules! attacks {
    ($($function:ident: $name:literal),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $function() {
                attack($name).await;
            }
        )*

    };
}

attacks! {
    files: "files",
    environment: "environment",
    network: "network",
    writes: "writes",
    processes: "processes",
}

/// This very test, inside, makes the calls that Node has no words for.
#[test]
fn refused_calls() {
    if std::env::args().any(|argument| argument == INSIDE) {
        return inside();
    }
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(from_outside());
}

async fn from_outside() {
    let mut place = Place::open("calls").await;
    for sandbox in place.sandboxes().await {
        let level = sandbox.level.clone();
        place.view.node = place.root.join("calls");
        fs::copy(std::env::current_exe().unwrap(), &place.view.node).unwrap();
        let sandbox = Sandbox::new(level.clone(), place.view.clone(), Duration::from_secs(60));
        let folder = place.scratch.worker().unwrap();
        let user = sandbox.prepare(folder.path()).unwrap();
        let arguments = ["--exact", "sandbox::attacks::refused_calls", INSIDE];
        let end = run(&sandbox, folder.path(), user, arguments.map(OsString::from)).await;
        let End::Itself(output) = end else {
            panic!("{level}: it was stopped")
        };
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && told.contains("1 passed"),
            "{level}: {told}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// An argument that only [`from_outside`] gives.
const INSIDE: &str = "which-runs-inside";

fn inside() {
    let parent = nix::unistd::getppid().as_raw();
    let flags = |flags: i32| i64::from(flags | libc::SIGCHLD);
    for (what, call, arguments) in [
        (
            "ptrace",
            libc::SYS_ptrace,
            [i64::from(libc::PTRACE_ATTACH), parent.into(), 0],
        ),
        (
            "process_vm_readv",
            libc::SYS_process_vm_readv,
            [parent.into(), 0, 0],
        ),
        (
            "unshare",
            libc::SYS_unshare,
            [flags(libc::CLONE_NEWUSER), 0, 0],
        ),
        ("clone", libc::SYS_clone, [flags(libc::CLONE_NEWUSER), 0, 0]),
        (
            "clone, network",
            libc::SYS_clone,
            [flags(libc::CLONE_NEWNET), 0, 0],
        ),
        ("mount", libc::SYS_mount, [0, 0, 0]),
        ("setsid", libc::SYS_setsid, [0, 0, 0]),
        ("setpgid", libc::SYS_setpgid, [0, 0, 0]),
        (
            "socket",
            libc::SYS_socket,
            [libc::AF_INET.into(), libc::SOCK_STREAM.into(), 0],
        ),
        (
            "netlink",
            libc::SYS_socket,
            [libc::AF_NETLINK.into(), libc::SOCK_RAW.into(), 0],
        ),
        ("bpf", libc::SYS_bpf, [0, 0, 0]),
        ("keyctl", libc::SYS_keyctl, [0, 0, 0]),
        ("io_uring_setup", libc::SYS_io_uring_setup, [1, 0, 0]),
        ("userfaultfd", libc::SYS_userfaultfd, [0, 0, 0]),
        ("perf_event_open", libc::SYS_perf_event_open, [0, 0, 0]),
    ] {
        assert_eq!(raw(call, arguments), Err(Errno::EPERM), "{what}");
    }
    assert_eq!(raw(libc::SYS_clone3, [0, 0, 0]), Err(Errno::ENOSYS));
    // The second set's `getpid`.
    #[cfg(target_arch = "x86_64")]
    assert_eq!(
        raw(0x4000_0000 + libc::SYS_getpid, [0, 0, 0]),
        Err(Errno::ENOSYS)
    );
    assert!(nix::sys::prctl::get_no_new_privs().unwrap());
    let mut status = String::new();
    if let Ok(mut file) = fs::File::open("/proc/self/status") {
        file.read_to_string(&mut status).unwrap();
        assert!(status.contains("CapEff:\t0000000000000000"), "{status}");
    }
}

#[expect(unsafe_code, reason = "calls that no library offers are the point")]
fn raw(call: i64, [a, b, c]: [i64; 3]) -> Result<i64, Errno> {
    // SAFETY: every one of them is refused, or fails at its null pointers.
    Errno::result(unsafe { libc::syscall(call, a, b, c, 0, 0) })
}

//! A registry of npm's protocol: `tests/support/registry.mjs`, as a program.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use serde_json::Value;

use crate::client::{node, repository};

/// A registry, ended when dropped.
pub(crate) struct Registry {
    child: Child,
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Registry {
    /// Starts one that has these packages.
    pub(crate) fn start(packages: &Value) -> Self {
        let mut child = Command::new(node())
            .arg(repository().join("tests/support/registry.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Its standard input stays open: it ends with that.
        writeln!(child.stdin.as_mut().unwrap(), "{packages}").unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.next().unwrap().unwrap();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                seen.lock().unwrap().push(line);
            }
        });
        Self {
            child,
            url,
            requests,
        }
    }

    /// What was asked for since this was called last.
    pub(crate) fn asked(&self) -> Vec<String> {
        // What was asked for before an answer came is written before; it may not be read yet.
        std::thread::sleep(std::time::Duration::from_millis(200));
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

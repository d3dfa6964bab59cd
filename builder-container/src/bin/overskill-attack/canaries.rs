//! What an attack would have to reach: secrets where a builder has its neighbours, and a listener on this machine's loopback.
//! A secret is looked for in everything that comes back, also as base64 and as hexadecimal digits.

use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr as UnixAddress, UnixListener},
    },
    path::{Path, PathBuf},
};

/// What hostile code would write where it can: put together when it runs, so that no source has it.
pub(crate) const RAN: &str = "hostile-code-ran-here";

/// Everything that is planted.
#[derive(Debug)]
pub(crate) struct Canaries {
    /// Beside the state folder.
    pub(crate) folder: PathBuf,
    /// In a file.
    pub(crate) file: String,
    /// In the supervisor's environment.
    pub(crate) environment: String,
    /// Among the sources of another job.
    pub(crate) job: String,
    /// Where nobody may connect to.
    pub(crate) tcp: TcpListener,
    /// The same, in the file system.
    pub(crate) socket: UnixListener,
    /// The same, without a file.
    pub(crate) nameless: UnixListener,
    /// What that one is called.
    pub(crate) name: String,
}

impl Canaries {
    /// Plants them in `folder`.
    pub(crate) fn plant(folder: &Path) -> io::Result<Self> {
        let secret = |what: &str| -> io::Result<String> {
            let mut random = [0; 16];
            io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut random)?;
            Ok(format!("{what}-{}", hexadecimal(&random)))
        };
        let folder = folder.to_owned();
        fs::create_dir_all(&folder)?;
        let file = secret("file")?;
        for (name, content) in [
            ("secret.json", format!("{{\"secret\":\"{file}\"}}")),
            ("secret.txt", file.clone()),
            (
                "secret.ts",
                format!("export const secret = \"{file}\" as const\n"),
            ),
            ("secret.css", format!("body {{ content: \"{file}\" }}\n")),
            ("secret.js", format!("export const secret = \"{file}\"\n")),
            ("index.html", format!("<p>{file}</p>\n")),
            (
                "tsconfig.json",
                format!("{{\"compilerOptions\":{{\"paths\":{{\"{file}\":[\"./{file}\"]}}}}}}"),
            ),
            (".env", format!("VITE_SECRET={file}\n")),
        ] {
            fs::write(folder.join(name), content)?;
        }
        let tcp = TcpListener::bind("127.0.0.1:0")?;
        tcp.set_nonblocking(true)?;
        let socket = UnixListener::bind(folder.join("socket"))?;
        socket.set_nonblocking(true)?;
        let name = secret("socket")?;
        let nameless = UnixListener::bind_addr(&UnixAddress::from_abstract_name(name.as_bytes())?)?;
        nameless.set_nonblocking(true)?;
        Ok(Self {
            folder,
            file,
            nameless,
            name,
            environment: secret("environment")?,
            job: secret("job")?,
            tcp,
            socket,
        })
    }

    /// Where nobody may connect to.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// What of it is in some bytes that came back.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> Option<String> {
        [
            ("the secret of a file", self.file.as_str()),
            ("the secret of the environment", &self.environment),
            ("the secret of another job", &self.job),
            ("what hostile code writes", RAN),
            ("the machine's users", "root:x:0:0"),
        ]
        .into_iter()
        .find(|(_, secret)| forms(secret).iter().any(|form| contains(bytes, form)))
        .map(|(what, _)| format!("{what} came back"))
    }

    /// What was touched.
    ///
    /// # Errors
    /// What was.
    pub(crate) fn untouched(&self) -> Result<(), String> {
        if self.tcp.accept().is_ok() {
            return Err("something connected to the machine's loopback".to_owned());
        }
        if self.socket.accept().is_ok() || self.nameless.accept().is_ok() {
            return Err("something connected to a socket outside".to_owned());
        }
        let kept = fs::read(self.folder.join("secret.txt"));
        if kept.is_ok_and(|text| text == self.file.as_bytes()) {
            Ok(())
        } else {
            Err("a file outside was changed".to_owned())
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// How a secret may look: as it is, in base64 at each of three offsets, in hexadecimal digits.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![
        secret.as_bytes().to_vec(),
        hexadecimal(secret.as_bytes()).into(),
    ];
    for offset in 0..3 {
        let padded = [vec![0; offset], secret.as_bytes().to_vec()].concat();
        // The characters at both ends are made of neighbours as well.
        let text = base64(&padded);
        let whole = text.get(offset + 1..text.len() - 4).unwrap_or_default();
        forms.push(whole.into());
    }
    forms
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |number: u32| {
        let digit = usize::try_from(number % 64).ok();
        char::from(
            digit
                .and_then(|digit| DIGITS.get(digit).copied())
                .unwrap_or(b'='),
        )
    };
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = (at(0) << 16) | (at(1) << 8) | at(2);
        text.extend([18, 12, 6, 0].map(|shift| digit(bits >> shift)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_whatever_form() {
        assert_eq!(base64(b"Man is"), "TWFuIGlz");
        let forms = forms("a secret of many characters");
        let found = |text: &str| forms.iter().any(|form| contains(text.as_bytes(), form));
        for before in ["", "x", "xy", "xyz"] {
            let text = format!("{before}a secret of many characters, and more");
            assert!(found(&text));
            assert!(found(&base64(text.as_bytes())), "{before}");
            assert!(found(&hexadecimal(text.as_bytes())));
        }
        assert!(!found("a secret of many words"));
        assert!(!found(&base64(b"a secret of many words")));
    }
}

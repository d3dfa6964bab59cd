use std::cell::{Cell, RefCell};

use futures::executor::block_on;
use serde_json::json;

use super::*;
use crate::cloudflare::{Body, Proof, Request, site::Sent};

/// An account that lacks some files, and says in which groups it wants them.
struct Cloud {
    buckets: Vec<Vec<String>>,
    /// What was sent with the token of the session, request by request.
    sent: RefCell<Vec<Vec<(String, String)>>>,
    /// How often an upload is refused before it is taken.
    refuses: RefCell<usize>,
    /// Whether it says so when it has all.
    says_whole: bool,
    /// Whether nobody hears that it has.
    is_unheard: bool,
    /// Whether the session has ended.
    is_over: Cell<bool>,
}

impl Cloud {
    fn lacks(buckets: &[&[&str]]) -> Self {
        let bucket = |hashes: &&[&str]| hashes.iter().map(|hash| (*hash).to_owned()).collect();
        Self {
            buckets: buckets.iter().map(bucket).collect(),
            sent: RefCell::default(),
            refuses: RefCell::new(0),
            says_whole: true,
            is_unheard: false,
            is_over: Cell::new(false),
        }
    }

    fn answer(&self, request: &Request) -> (u16, serde_json::Value) {
        let good = |status, result| (status, json!({ "success": true, "result": result }));
        if request.path.ends_with("/assets-upload-session") {
            return match self.is_over.get() {
                true => good(200, json!({ "jwt": "later", "buckets": [] })),
                false => good(200, json!({ "jwt": "session", "buckets": self.buckets })),
            };
        }
        assert_eq!(request.path, "/accounts/acc/workers/assets/upload");
        assert_eq!(request.proof, Proof::Session("session".to_owned()));
        if self.is_over.get() {
            let error = json!({ "code": 10000, "message": "Authentication error" });
            return (403, json!({ "success": false, "errors": [error] }));
        }
        if *self.refuses.borrow() > 0 {
            *self.refuses.borrow_mut() -= 1;
            return (500, json!({ "success": false, "errors": [] }));
        }
        let Body::Form(form) = &request.body else {
            panic!("{request:?}")
        };
        let parts = form.parts.iter().map(|part| {
            let content = String::from_utf8(part.bytes.clone()).unwrap();
            (part.name.clone(), content)
        });
        self.sent.borrow_mut().push(parts.collect());
        if self.is_unheard {
            self.is_over.set(true);
            return (500, json!({ "success": false, "errors": [] }));
        }
        let sent: usize = self.sent.borrow().iter().map(Vec::len).sum();
        match self.says_whole && sent == self.buckets.iter().map(Vec::len).sum::<usize>() {
            true => good(201, json!({ "jwt": "whole" })),
            false => good(202, json!({})),
        }
    }
}

impl Api for Cloud {
    async fn send(&self, request: &Request) -> Result<Sent, ApiError> {
        let (status, body) = self.answer(request);
        Ok(Sent {
            status,
            retry_after: None,
            body: body.to_string().into_bytes(),
        })
    }

    async fn wait(&self, _: u64) {}
}

fn files(all: &[(&str, u64)]) -> SortedMap<String, AssetFile> {
    let file = |(hash, size): &(&str, u64)| {
        let hash = (*hash).to_owned();
        (format!("/{hash}.js"), AssetFile { hash, size: *size })
    };
    all.iter().map(file).collect()
}

/// What is read of a file is its path.
fn sent(cloud: &Cloud, files: &SortedMap<String, AssetFile>) -> Result<String, ApiError> {
    let account = Account("acc".to_owned());
    let read = async |path: &str| Ok(("text/javascript", path.to_owned()));
    block_on(send(cloud, &account, (Place::Own, "app"), files, read))
}

#[test]
fn what_is_missing_is_sent_in_groups_until_the_account_has_it_all() {
    let all = files(&[("a", 1), ("b", 2), ("c", 3)]);
    let cloud = Cloud::lacks(&[&["a"], &["c"]]);
    assert_eq!(sent(&cloud, &all).unwrap(), "whole");
    let told = |hash: &str| vec![(hash.to_owned(), format!("/{hash}.js"))];
    assert_eq!(*cloud.sent.borrow(), [told("a"), told("c")]);
}

#[test]
fn where_nothing_is_missing_the_first_answer_has_the_token() {
    for lacks in [&[][..], &[&[][..]]] {
        let cloud = Cloud::lacks(lacks);
        assert_eq!(sent(&cloud, &files(&[("a", 1)])).unwrap(), "session");
        assert!(cloud.sent.borrow().is_empty());
    }
}

#[test]
fn a_group_is_no_larger_than_an_isolate_has_room_for_unless_one_file_is() {
    let half = MOST_GROUP_BYTES / 2;
    let all = files(&[
        ("a", half),
        ("b", half),
        ("c", 1),
        ("d", MOST_FILE_BYTES),
        ("e", 1),
    ]);
    let cloud = Cloud::lacks(&[&["a", "b", "c", "d", "e"]]);
    assert_eq!(sent(&cloud, &all).unwrap(), "whole");
    let sent = cloud.sent.borrow();
    let counts: Vec<Vec<&str>> = sent
        .iter()
        .map(|group| group.iter().map(|(hash, _)| hash.as_str()).collect())
        .collect();
    assert_eq!(counts, [vec!["a", "b"], vec!["c"], vec!["d"], vec!["e"]]);
}

#[test]
fn an_upload_that_fails_is_made_again() {
    let cloud = Cloud::lacks(&[&["a"]]);
    *cloud.refuses.borrow_mut() = 2;
    assert_eq!(sent(&cloud, &files(&[("a", 1)])).unwrap(), "whole");
    *cloud.refuses.borrow_mut() = answer::MOST_ATTEMPTS as usize;
    cloud.sent.borrow_mut().clear();
    let error = sent(&cloud, &files(&[("a", 1)])).unwrap_err();
    assert_eq!(error.status, 500);
    assert!(cloud.sent.borrow().is_empty());
}

#[test]
fn a_session_that_has_ended_unheard_is_followed_by_another() {
    let cloud = Cloud {
        is_unheard: true,
        ..Cloud::lacks(&[&["a"]])
    };
    assert_eq!(sent(&cloud, &files(&[("a", 1)])).unwrap(), "later");
    assert_eq!(cloud.sent.borrow().len(), 1, "nothing is sent twice");
}

#[test]
fn what_the_account_would_not_take_is_refused_before_anything_is_sent() {
    let cloud = Cloud::lacks(&[]);
    check([("video.mp4", MOST_FILE_BYTES)]).unwrap();
    let error = check([("video.mp4", MOST_FILE_BYTES + 1)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Cloudflare: video.mp4 has 26214401 bytes, and a static asset at most 25 MiB (HTTP 413): make it smaller or load it from another address, \
         or have the operator put files into a bucket (CLOUDFLARE_FILES = \"r2\"), and deploy again"
    );
    check((0..MOST_FILES).map(|_| ("a.png", 1))).unwrap();
    let error = check((0..=MOST_FILES).map(|_| ("a.png", 1))).unwrap_err();
    assert!(
        error.message.contains("20001 files") && error.remedy.contains("fewer files"),
        "{error}"
    );
    let error = sent(&cloud, &files(&[("a", MOST_FILE_BYTES + 1)])).unwrap_err();
    assert_eq!(error.status, 413);
}

#[test]
fn an_answer_that_makes_no_sense_is_an_error() {
    let cloud = Cloud::lacks(&[&["b"]]);
    let error = sent(&cloud, &files(&[("a", 1)])).unwrap_err();
    assert!(error.message.contains("was not named: b"), "{error}");
    let cloud = Cloud {
        says_whole: false,
        ..Cloud::lacks(&[&["a"]])
    };
    let error = sent(&cloud, &files(&[("a", 1)])).unwrap_err();
    assert!(error.message.contains("all files"), "{error}");
}

#[test]
fn an_apps_file_is_known_by_half_of_its_hash() {
    let hash = Digest::of(b"x");
    assert_eq!(known_as(&hash), hash.to_string()[..32]);
}

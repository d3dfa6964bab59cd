use proptest::prelude::*;

use super::*;
use crate::{
    build::Mode,
    publish::{Artifact, Environment, Runtime, Share, Told},
    sorted::SortedMap,
};

const PAGE_SOURCE: &str = "<!doctype html>\n<html lang=\"en\">\n  <head>\n    <title>Recipes</title>\n    <script type=\"module\" src=\"/assets/index-B1xZ_9aQ.js\"></script>\n  </head>\n  <body><div id=\"root\"></div></body>\n</html>\n";

fn set(page: &str) -> ArtifactSet {
    let entries = [
        ("index.html", page),
        ("assets/index-B1xZ_9aQ.js", "console.log(1)"),
        ("assets/index-Cz81hdTq.css", "body{}"),
        ("assets/profile-pictures.png", "png"),
        ("favicon.svg", "<svg/>"),
        ("a \"quoted\" näme.txt", "text"),
    ]
    .map(|(path, content)| (path.parse().unwrap(), artifact(content.as_bytes())))
    .into();
    ArtifactSet {
        mode: Mode::Development,
        source_digest: Digest::of(b"sources"),
        toolchain_digest: Digest::of(b"tools"),
        entries,
    }
}

fn artifact(content: &[u8]) -> Artifact {
    Artifact {
        hash: Digest::of(content),
        size: content.len() as u64,
    }
}

fn text<'s>(script: &'s Script, name: &str) -> &'s str {
    let module = script
        .modules
        .iter()
        .find(|module| module.name == name)
        .unwrap();
    std::str::from_utf8(&module.bytes).unwrap()
}

#[test]
fn the_script_is_what_a_person_would_write() {
    let script = worker_script(
        &set(PAGE_SOURCE),
        PAGE_SOURCE.as_bytes(),
        Vec::new(),
        Vec::new(),
        BUDGET,
    )
    .unwrap();
    let modules: Vec<String> = script
        .modules
        .iter()
        .map(|module| {
            format!(
                "=== {} ({:?})\n{}",
                module.name,
                module.kind,
                text(&script, &module.name)
            )
        })
        .collect();
    insta::assert_snapshot!(format!(
        "{}\n=== report\n{:#?}",
        modules.join("\n"),
        script.report
    ));
}

#[test]
fn the_configuration_goes_before_every_script_of_the_app() {
    for (page, before) in [
        (
            "<!doctype html><html><head class=\"a>b\"><script></script>",
            "<!doctype html><html><head class=\"a>b\">",
        ),
        (
            "<!-- <head> --><html><HEAD ><title>",
            "<!-- <head> --><html><HEAD >",
        ),
        (
            "<!doctype html><html lang=en><body>",
            "<!doctype html><html lang=en>",
        ),
        ("<!DOCTYPE html><header></header>", "<!DOCTYPE html>"),
        ("<div></div>", ""),
        ("", ""),
    ] {
        let script =
            worker_script(&set(page), page.as_bytes(), Vec::new(), Vec::new(), BUDGET).unwrap();
        assert_eq!(text(&script, "index.before.html"), before, "{page}");
        assert_eq!(
            format!("{before}{}", text(&script, "index.after.html")),
            page
        );
    }
}

#[test]
fn what_does_not_fit_is_refused_with_its_numbers() {
    let page = format!("<html><head>{}", "x".repeat(BUDGET));
    let error =
        worker_script(&set(&page), page.as_bytes(), Vec::new(), Vec::new(), BUDGET).unwrap_err();
    assert!(
        matches!(
            error,
            PublishError::OverBudget {
                budget: BUDGET,
                ref largest,
                ..
            } if largest == "index.after.html"
        ),
        "{error}"
    );
    let page = PAGE_SOURCE;
    let bytes = worker_script(&set(page), page.as_bytes(), Vec::new(), Vec::new(), BUDGET)
        .unwrap()
        .report
        .script_bytes;
    assert!(worker_script(&set(page), page.as_bytes(), Vec::new(), Vec::new(), bytes).is_ok());
    assert!(matches!(
        worker_script(&set(page), page.as_bytes(), Vec::new(), Vec::new(), bytes - 1),
        Err(PublishError::OverBudget { script_bytes, .. }) if script_bytes == bytes
    ));
}

#[test]
fn the_page_must_be_the_one_of_the_set() {
    assert_eq!(
        worker_script(&set(PAGE_SOURCE), b"other", Vec::new(), Vec::new(), BUDGET),
        Err(PublishError::OtherPage)
    );
    let mut without = set(PAGE_SOURCE);
    without.entries.remove(&"index.html".parse().unwrap());
    assert_eq!(
        worker_script(
            &without,
            PAGE_SOURCE.as_bytes(),
            Vec::new(),
            Vec::new(),
            BUDGET
        ),
        Err(PublishError::NoPage)
    );
    let mut binary = set(PAGE_SOURCE);
    binary
        .entries
        .insert("index.html".parse().unwrap(), artifact(&[0xff]));
    assert_eq!(
        worker_script(&binary, &[0xff], Vec::new(), Vec::new(), BUDGET),
        Err(PublishError::PageEncoding)
    );
}

#[test]
fn only_a_name_with_a_hash_is_kept_forever() {
    for (path, expected) in [
        ("assets/index-B1xZ_9aQ.js", true),
        ("assets/index-B1xZ_9aQ.js.map", true),
        ("assets/a/b-B1xZ-9aQ.css", true),
        ("assets/profile-pictures.png", false),
        ("assets/index.js", false),
        ("assets/indexB1xZ_9aQ.js", false),
        ("assets/ü-B1xZ_9ü.js", false),
        ("index-B1xZ_9aQ.js", false),
    ] {
        assert_eq!(is_immutable(&path.parse().unwrap()), expected, "{path}");
    }
}

#[test]
fn a_file_of_the_apps_own_has_no_name_with_a_hash() {
    for (path, expected) in [
        ("public/assets/menu-20240101.pdf", true),
        ("public/assets/hero-Portrait.jpg", true),
        ("public/assets/profile-pictures.png", false),
        ("public/menu-20240101.pdf", false),
        ("src/assets/hero-Portrait.jpg", false),
    ] {
        let path: ProjectPath = path.parse().unwrap();
        let told = misnamed(&path);
        assert_eq!(told.is_some(), expected, "{path}");
        assert!(
            told.is_none_or(|told| told.message.contains(path.as_str()) && told.path == Some(path))
        );
    }
}

#[test]
fn the_code_id_follows_the_code_and_what_is_loaded_follows_all_that_it_is_told() {
    let make = |set: &ArtifactSet, page: &str| {
        let script = worker_script(set, page.as_bytes(), Vec::new(), Vec::new(), BUDGET);
        code_id(&script.unwrap())
    };
    let one = set(PAGE_SOURCE);
    let code = make(&one, PAGE_SOURCE);
    let mut other = one.clone();
    other.source_digest = Digest::of(b"others");
    assert_eq!(code, make(&other, PAGE_SOURCE));
    let icon = "favicon.svg".parse().unwrap();
    other.entries.insert(icon, artifact(b"<svg></svg>"));
    assert_ne!(code, make(&other, PAGE_SOURCE));
    assert_ne!(code, make(&set("<html>"), "<html>"));

    let runtime = Runtime {
        app_id: "abcdefgh".parse().unwrap(),
        environment: Environment::Preview,
        version: 1,
        set: code,
        console_origin: None,
        origin: "https://preview-abcdefgh.example".to_owned(),
        told: Told::default(),
    };
    let told = |told| Runtime {
        told,
        ..runtime.clone()
    };
    let named = || SortedMap::from([("A".to_owned(), "1".to_owned())]);
    let mut known = vec![runtime.loaded_as()];
    for other in [
        Runtime {
            version: 2,
            ..runtime.clone()
        },
        Runtime {
            set: Digest::of(b"other"),
            ..runtime.clone()
        },
        Runtime {
            environment: Environment::Staging,
            ..runtime.clone()
        },
        Runtime {
            origin: "https://other.example".to_owned(),
            ..runtime.clone()
        },
        told(Told {
            public: named(),
            ..Told::default()
        }),
        told(Told {
            secrets: named(),
            ..Told::default()
        }),
        told(Told {
            hosts: vec!["a.example".to_owned()],
            ..Told::default()
        }),
    ] {
        let loaded = other.loaded_as();
        assert!(!known.contains(&loaded), "{other:?}");
        known.push(loaded);
    }
    assert_eq!(runtime.loaded_as(), known[0]);
}

#[test]
fn functions_are_in_the_script_and_nowhere_else() {
    let mut set = set(PAGE_SOURCE);
    let code = b"export default { fetch: () => new Response() };\n";
    for path in ["overskill-functions/hello.js", "overskill-functions/NOT.js"] {
        set.entries.insert(path.parse().unwrap(), artifact(code));
    }
    let function = Function {
        name: FunctionName::of(&"overskill-functions/hello.js".parse().unwrap()).unwrap(),
        code: code.to_vec(),
    };
    let make = |functions, budget| {
        worker_script(&set, PAGE_SOURCE.as_bytes(), functions, Vec::new(), budget)
    };
    let script = make(vec![function.clone()], BUDGET).unwrap();
    assert_eq!(text(&script, "function-hello.js").as_bytes(), code);
    assert_eq!(
        text(&script, "functions.js"),
        "// What answers at /api/<name>.\nexport const functions = new Map([\n  [\"hello\", () => import(\"./function-hello.js\")],\n]);\n"
    );
    assert!(!text(&script, "files.js").contains("overskill-functions"));
    assert_eq!(script.report.external.files, 5);
    // They count, and none of them is left out.
    let bytes = script.report.script_bytes;
    assert!(bytes > make(Vec::new(), BUDGET).unwrap().report.script_bytes + code.len());
    assert!(make(vec![function.clone()], bytes).is_ok());
    let large = Function {
        code: vec![b' '; BUDGET],
        ..function
    };
    let refused = make(vec![large], BUDGET).unwrap_err();
    assert!(
        refused.to_string().contains("`function-hello.js`"),
        "{refused}"
    );
}

fn part(path: &str, bytes: &[u8], is_gzip: bool) -> Part {
    Part {
        path: path.parse().unwrap(),
        bytes: Some(bytes.to_vec()),
        is_gzip,
    }
}

fn with_parts(parts: Vec<Part>, budget: usize) -> Script {
    worker_script(
        &set(PAGE_SOURCE),
        PAGE_SOURCE.as_bytes(),
        Vec::new(),
        parts,
        budget,
    )
    .unwrap()
}

fn inside(script: &Script) -> Vec<&str> {
    script.inside.iter().map(ProjectPath::as_str).collect()
}

#[test]
fn parts_are_modules_of_the_script_and_named_in_its_list() {
    let script = with_parts(
        vec![
            part("assets/index-B1xZ_9aQ.js", b"gz", true),
            part("assets/index-Cz81hdTq.css", b"body{}", false),
            part("assets/index-Cz81hdTq.css", b"again", false),
            part("gone.js", b"none of the set's", false),
        ],
        BUDGET,
    );
    assert_eq!(
        inside(&script),
        ["assets/index-B1xZ_9aQ.js", "assets/index-Cz81hdTq.css"]
    );
    let modules: Vec<(&str, ModuleKind, usize)> = script
        .modules
        .iter()
        .skip(5)
        .map(|module| (&*module.name, module.kind, module.bytes.len()))
        .collect();
    assert_eq!(
        modules,
        [
            ("part-0.bin", ModuleKind::Data, 2),
            ("part-1.bin", ModuleKind::Data, 6)
        ]
    );
    let list = text(&script, LIST);
    for line in [
        "import part0 from \"./part-0.bin\";",
        "type: \"text/javascript; charset=utf-8\", immutable: true, part: part0, gzip: true }],",
        "type: \"text/css; charset=utf-8\", immutable: true, part: part1, gzip: false }],",
        "type: \"image/svg+xml\", immutable: false }],",
    ] {
        assert!(list.contains(line), "{line}\n{list}");
    }
    let share = |files, bytes| Share { files, bytes };
    let page = PAGE_SOURCE.len() as u64;
    assert_eq!(script.report.embedded, share(3, page + 14 + 6));
    assert_eq!(script.report.external, share(3, 3 + 6 + 4));
}

#[test]
fn a_part_that_does_not_fit_stays_outside_and_one_after_it_that_does_is_inside() {
    let base = with_parts(Vec::new(), BUDGET).report.script_bytes;
    let parts = || {
        vec![
            part("assets/index-B1xZ_9aQ.js", &[b'x'; 1_000], false),
            part("assets/index-Cz81hdTq.css", &[b'x'; 10], false),
        ]
    };
    assert_eq!(inside(&with_parts(parts(), base)), [""; 0]);
    let budget = base + 10 + LISTED_BYTES;
    assert_eq!(inside(&with_parts(parts(), budget - 1)), [""; 0]);
    assert_eq!(
        inside(&with_parts(parts(), budget)),
        ["assets/index-Cz81hdTq.css"]
    );
    let budget = base + 1_010 + 2 * LISTED_BYTES;
    assert_eq!(inside(&with_parts(parts(), budget)).len(), 2);
}

proptest! {
    #[test]
    fn a_script_is_never_over_its_budget(sizes in prop::collection::vec(0..3_000_usize, 0..40), room in 0..40_000_usize) {
        let page = "<html><head></head></html>";
        let mut set = set(page);
        let path = |number: usize| format!("assets/a-{number}.js").parse::<ProjectPath>().unwrap();
        for (number, size) in sizes.iter().enumerate() {
            let artifact = artifact(&vec![b'x'; *size]);
            set.entries.insert(path(number), artifact);
        }
        let base = worker_script(&set, page.as_bytes(), Vec::new(), Vec::new(), BUDGET).unwrap().report.script_bytes;
        let parts = sizes.iter().enumerate().map(|(number, size)| Part {
            path: path(number),
            bytes: Some(vec![b'x'; *size]),
            is_gzip: number % 2 == 0,
        });
        let script = worker_script(&set, page.as_bytes(), Vec::new(), parts.collect(), base + room).unwrap();
        let sum: usize = script.modules.iter().map(|module| module.bytes.len()).sum();
        prop_assert_eq!(sum, script.report.script_bytes);
        prop_assert!(sum <= base + room);
        prop_assert_eq!(script.report.embedded.files + script.report.external.files, set.entries.len());
    }
}

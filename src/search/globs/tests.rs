use proptest::prelude::*;

use super::*;
use crate::search::QueryError;

fn selection(include: &str, exclude: &str) -> Selection {
    Selection::parse(&[include], &[exclude]).unwrap()
}

/// Globs, paths that they match, paths that they do not.
const TABLE: &[(&str, &[&str], &[&str])] = &[
    (
        "src/**/*.{ts,tsx}",
        &["src/App.tsx", "src/a/b/c.ts", "src/a.d.ts"],
        &["App.tsx", "lib/src/App.tsx", "src/a.css", "src/a.tsx.bak"],
    ),
    (
        "*.css",
        &["a.css", "src/styles.css", "src/a/b.css", ".css"],
        &["a.scss", "css", "a.css.ts"],
    ),
    (
        "src/",
        &["src/a", "src/a/b.ts", "lib/src/a"],
        &["src", "src.ts", "mysrc/a", "lib/src"],
    ),
    (
        "src",
        &["src/a", "src/a/b.ts", "src", "lib/src/a"],
        &["src.ts", "mysrc/a", "srcs/a"],
    ),
    ("/src", &["src/a", "src"], &["lib/src/a"]),
    ("./src", &["src/a"], &["lib/src/a"]),
    ("./src/", &["src/a"], &["src", "lib/src/a"]),
    ("/*.ts", &["a.ts"], &["src/a.ts"]),
    ("./package.json", &["package.json"], &["lib/package.json"]),
    (
        "package.json",
        &["package.json", "lib/package.json"],
        &["package.json5", "xpackage.json"],
    ),
    (
        "src/components",
        &["src/components/ui/a.tsx", "src/components/a.tsx"],
        &[
            "components/a.tsx",
            "lib/src/components/a.tsx",
            "src/components.ts",
        ],
    ),
    (
        "src/*",
        &["src/a.ts", "src/.hidden"],
        &["src/a/b.ts", "src"],
    ),
    (
        "src/*.ts",
        &["src/a.ts"],
        &["src/a/b.ts", "a.ts", "src/a.tsx"],
    ),
    ("src/**", &["src/a.ts", "src/a/b.ts"], &["src", "lib/a"]),
    ("src/**/", &["src/a.ts", "src/a/b.ts"], &["lib/a"]),
    ("**/*.ts", &["a.ts", "src/a/b.ts"], &["a.tsx"]),
    (
        "**/ui/**",
        &["ui/a", "src/ui/a", "src/x/ui/y/z"],
        &["ui", "src/ui2/a"],
    ),
    ("**/ui", &["ui/a", "src/ui/a/b", "ui"], &["src/ui.ts"]),
    (
        "src/**/ui/*.tsx",
        &["src/ui/a.tsx", "src/x/ui/a.tsx", "src/x/y/ui/a.tsx"],
        &["src/ui/x/a.tsx", "ui/a.tsx"],
    ),
    ("src/**/**/a.ts", &["src/a.ts", "src/x/y/a.ts"], &["a.ts"]),
    ("**", &["a", "a/b/c"], &[]),
    ("*", &["a", "a/b/c", ".env"], &[]),
    ("/", &["a", "a/b"], &[]),
    (".", &["a", "a/b"], &[]),
    ("./", &["a", "a/b"], &[]),
    ("./**", &["a", "a/b"], &[]),
    (
        "src/**.ts",
        &["src/a.ts", "src/a/b.ts"],
        &["a.ts", "src/a.tsx"],
    ),
    ("**.ts", &["a.ts", "src/a/b.ts"], &["a.tsx"]),
    ("src/use**", &["src/useA.ts", "src/use/a.ts"], &["src/a.ts"]),
    ("?.ts", &["a.ts", "ü.ts", "src/b.ts"], &["ab.ts", ".ts"]),
    ("src/?/a.ts", &["src/x/a.ts"], &["src//a.ts", "src/xy/a.ts"]),
    ("a?b", &["axb"], &["a/b", "ab"]),
    (
        "[abc].ts",
        &["a.ts", "src/c.ts", "[abc].ts"],
        &["d.ts", "ab.ts"],
    ),
    ("[a-c]x", &["ax", "cx"], &["dx", "Ax"]),
    ("[ä-ü]x", &["öx"], &["ax", "zx"]),
    ("[!a-c]x", &["dx", "1x"], &["ax", "x", "/x"]),
    ("[^a-c]x", &["dx"], &["bx"]),
    ("a[!x]b", &["ayb"], &["a/b"]),
    ("a[+-9]b", &["a0b", "a+b"], &["a/b"]),
    ("[]]x", &["]x"], &["x"]),
    ("[!]]x", &["ax"], &["]x"]),
    ("[a-]x", &["ax", "-x"], &["bx"]),
    ("[\\]]x", &["]x"], &["\\x"]),
    (
        "src/[id].tsx",
        &["src/[id].tsx", "src/i.tsx", "src/d.tsx"],
        &["src/id.tsx"],
    ),
    (
        "src/[...slug].tsx",
        &["src/[...slug].tsx"],
        &["src/slug.tsx"],
    ),
    ("src/[id]", &["src/[id]/page.tsx"], &["src/id/page.tsx"]),
    (
        "src/[id]/**/*.ts",
        &["src/[id]/a/b.ts", "src/i/b.ts"],
        &["src/[id]/a.css"],
    ),
    ("\\[id\\].tsx", &["[id].tsx"], &["i.tsx"]),
    ("a\\*b", &["a*b"], &["axb"]),
    ("\\!a", &["!a"], &["a"]),
    ("a!b", &["a!b"], &["ab"]),
    ("{a,b}.ts", &["a.ts", "src/b.ts"], &["c.ts", "ab.ts"]),
    (
        "{src,tests}/**",
        &["src/a", "tests/a/b"],
        &["lib/src/a", "src"],
    ),
    ("{src/**,*.css}", &["src/a", "lib/a.css"], &["lib/a.ts"]),
    ("a{,.test}.ts", &["a.ts", "a.test.ts"], &["a.spec.ts"]),
    (
        "*.{js,ts{,x}}",
        &["a.js", "a.ts", "a.tsx"],
        &["a.jsx", "a.t"],
    ),
    ("{a,{b,{c,d}}}x", &["ax", "bx", "cx", "dx"], &["ex", "x"]),
    ("{a}", &["a"], &["{a}"]),
    ("{a,b}{c,d}", &["ac", "bd"], &["a", "ab"]),
    ("a\\{b", &["a{b"], &["ab"]),
    ("{[,],x}.ts", &[",.ts", "x.ts"], &["a.ts"]),
    ("*.ts,*.css", &["a.ts", "b.css"], &["a.tsx"]),
    (
        "*.ts, src/**\n*.md\r\n",
        &["a.ts", "src/x", "README.md"],
        &["lib/x"],
    ),
    ("[\"*.ts\", \"src/**\"]", &["a.ts", "src/x"], &["lib/x"]),
    ("[\"*.{ts,tsx}\"]", &["a.tsx"], &["b.css"]),
    ("[]", &["a", "a/b"], &[]),
    ("", &["a", "a/b"], &[]),
    (" , ,\n", &["a"], &[]),
    (
        "src/**,!*.test.ts",
        &["src/a.ts"],
        &["src/a.test.ts", "lib/a.ts"],
    ),
    ("!*.css", &["a.ts", "src/b"], &["a.css", "src/b.css"]),
    ("!src/", &["a.ts"], &["src/a.ts"]),
    ("App.TSX", &["App.TSX"], &["App.tsx"]),
    ("SRC", &[], &["src/a"]),
    ("src//a.ts", &["src/a.ts"], &["a.ts"]),
    ("src/./a.ts", &["src/a.ts"], &["a.ts"]),
    ("a.b", &["a.b"], &["axb"]),
    ("a+(b)|c$^", &["a+(b)|c$^"], &["aab", "c"]),
    ("src/a b.ts", &["src/a b.ts"], &["src/a"]),
    (
        ".env*",
        &[".env", ".env.local", "src/.env"],
        &["env", "a.env"],
    ),
    (
        "src/comp*/",
        &["src/components/a", "src/comp/a/b"],
        &["src/comp.ts"],
    ),
    ("*/", &["src/a", "a/b/c"], &["a"]),
    (
        "src/com{mon,ponents}",
        &["src/common/a", "src/components/a"],
        &["src/com/a"],
    ),
];

#[test]
fn globs_mean_what_people_expect() {
    assert!(TABLE.len() >= 60);
    for (glob, meant, others) in TABLE {
        let selection = selection(glob, "");
        for path in *meant {
            assert!(selection.takes(path), "{glob:?} {path:?}");
        }
        for path in *others {
            assert!(!selection.takes(path), "{glob:?} not {path:?}");
        }
    }
}

#[test]
fn what_is_excluded_is_left_out_of_what_is_included() {
    let some = selection("src/**", "*.test.ts, src/ui/");
    assert!(some.takes("src/a.ts"));
    assert!(!some.takes("src/a.test.ts") && !some.takes("src/ui/b.ts") && !some.takes("a.ts"));
    let all = selection("", "[\"*.css\"]");
    assert!(all.takes("a.ts") && !all.takes("a.css"));
    let several = Selection::parse(&["*.ts", "*.css"], &[]).unwrap();
    assert!(several.takes("a.ts") && several.takes("b.css") && !several.takes("c.md"));
    assert!(Selection::default().takes("a"));
}

#[test]
fn what_makes_no_sense_is_said() {
    let deep = "{a,".repeat(10) + &"}".repeat(10);
    for (glob, sentence) in [
        (
            "src/{a,b",
            "in the glob `src/{a,b` the `{` is never closed; write `\\{` for the sign itself",
        ),
        (
            "a[b",
            "in the glob `a[b` the `[` is never closed; write `\\[` for the sign itself",
        ),
        (
            "a[b\\",
            "in the glob `a[b\\` the `[` is never closed; write `\\[` for the sign itself",
        ),
        (
            "[",
            "in the glob `[` the `[` is never closed; write `\\[` for the sign itself",
        ),
        (
            "a}b",
            "in the glob `a}b` the `}` closes nothing; write `\\}` for the sign itself",
        ),
        (
            "[z-a]",
            "in the glob `[z-a]` the range `z-a` is none; write the lower end first, and no `/`",
        ),
        (
            "[a/b]",
            "in the glob `[a/b]` the range `/-/` is none; write the lower end first, and no `/`",
        ),
        (
            "src\\App.tsx",
            "in the glob `src\\App.tsx` a `\\` separates no folders; write `/`",
        ),
        (
            "src\\",
            "in the glob `src\\` a `\\` separates no folders; write `/`",
        ),
        (
            "../a",
            "the glob `../a` leaves the project; paths count from its root, without `..`",
        ),
        (
            "a/../b",
            "the glob `a/../b` leaves the project; paths count from its root, without `..`",
        ),
        (
            &deep,
            &format!("the glob `{deep}` has its braces nested too deeply"),
        ),
    ] {
        let error = Selection::parse(&[glob], &[]).unwrap_err();
        assert_eq!(error.to_string(), format!("`include`: {sentence}"));
        assert!(matches!(
            Selection::parse(&[], &[glob]),
            Err(QueryError::Exclude(_))
        ));
    }
    assert_eq!(
        Selection::parse(&[], &["a, !b"]).unwrap_err().to_string(),
        "`exclude`: the glob `!b` is among those that leave files out; without the `!` it belongs to the files to include"
    );
}

#[test]
fn there_is_an_end_to_lists_and_alternatives() {
    let too_many = |list: &str| {
        assert_eq!(
            Selection::parse(&[list], &[]).unwrap_err(),
            QueryError::Include(GlobError::TooMany),
            "{list}"
        );
        assert_eq!(
            Selection::parse(&[], &[list]).unwrap_err(),
            QueryError::Exclude(GlobError::TooMany)
        );
    };
    assert!(Selection::parse(&[&"a".repeat(MAX_BYTES)], &[]).is_ok());
    too_many(&"a".repeat(MAX_BYTES + 1));
    too_many(&"{a,b}".repeat(8));
    too_many(&"{a,b}".repeat(300));
    assert!(Selection::parse(&[&"{a,b}".repeat(7)], &[]).is_ok());
    too_many(&"a,".repeat(MAX_GLOBS + 1));
    assert!(Selection::parse(&[&"a,".repeat(MAX_GLOBS)], &[]).is_ok());
    // Few and short, and still more than is compiled.
    too_many(&format!(
        "{}{}",
        "[a-zü-ž]?**".repeat(120),
        "{a,b}".repeat(7)
    ));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(glob in ".{0,40}", path in "[a-z/.]{1,20}") {
        if let Ok(selection) = Selection::parse(&[&glob], &[]) {
            let _ = selection.takes(&path);
        }
    }

    #[test]
    fn a_path_matches_itself(path in "[a-zA-Zäß0-9._ -]{1,8}(/[a-zA-Z0-9_\\[\\]-]{1,8}){0,3}") {
        let name = path.trim();
        prop_assume!(!name.starts_with(['!', '.']) && name == path);
        match Selection::parse(&[&path], &[]) {
            Ok(selection) => prop_assert!(selection.takes(&path)),
            Err(error) => prop_assert!(path.contains(['[', ']']), "{}", error),
        }
    }

    #[test]
    fn a_star_stays_in_its_segment(folder in "[a-z]{1,5}", name in "[a-z]{1,5}") {
        let selection = selection(&format!("{folder}/*"), "");
        let (inside, below) = (format!("{folder}/{name}"), format!("{folder}/{name}/{name}"));
        prop_assert!(selection.takes(&inside));
        prop_assert!(!selection.takes(&below));
    }
}

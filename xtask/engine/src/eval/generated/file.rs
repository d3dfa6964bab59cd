//! Files that are hard to edit: few different lines, many times; blocks that differ in a word; every kind of ending.

use overskill_bench::Random;

/// Lines that stand in many places.
const LINES: &[&str] = &[
    "",
    "",
    "  ",
    "}",
    "  }",
    "    }",
    "});",
    "  );",
    "</div>",
    "  </div>",
    "...",
    "  ...",
    "...rest,",
    "\t}",
    "\treturn null;",
    "  return null;",
    "  return null; ",
    "const a = 1;",
    "const b = 1;",
    "const größe = '🍲';",
    "a",
    "b",
    "it’s “so” – fine",
    "it's \"so\" - fine",
    "$& $1 $$",
    "import { a } from './a';",
    "import { b } from './b';",
    "   ",
    "// a",
    "é",
    "e\u{301}",
    "\u{a0}x",
    " x",
    "x\u{200b}",
    "\u{2028}",
    "x\ry",
];
const NAMES: &[&str] = &["alpha", "beta", "gamma", "straße"];

/// A text and its lines.
pub(super) struct File {
    pub(super) mark: &'static str,
    pub(super) lines: Vec<String>,
    pub(super) endings: Vec<&'static str>,
}

impl File {
    pub(super) fn new(random: &mut Random) -> Self {
        let count = random.between(1, 40);
        let mut lines: Vec<String> = Vec::new();
        // Few different lines make many doubles.
        let pool: Vec<&str> = (0..random.between(2, 14))
            .filter_map(|_| random.pick(LINES).copied())
            .collect();
        while lines.len() < count {
            match random.below(4) {
                0 => lines.extend(block(random)),
                1 => {
                    let from = random.below(lines.len());
                    let copy: Vec<String> = lines
                        .iter()
                        .skip(from)
                        .take(random.between(1, 6))
                        .cloned()
                        .collect();
                    lines.extend(copy);
                }
                2 => lines.push(format!(
                    "const {} = {};",
                    random.pick(NAMES).unwrap_or(&"a"),
                    random.below(30)
                )),
                _ => lines.push(random.pick(&pool).unwrap_or(&"").to_string()),
            }
        }
        let usual = if random.once_in(3) { "\r\n" } else { "\n" };
        let mixed = random.once_in(12);
        let ending = |random: &mut Random| match (mixed, usual) {
            (true, "\n") if random.once_in(3) => "\r\n",
            (true, "\r\n") if random.once_in(3) => "\n",
            _ => usual,
        };
        let mut file = Self {
            mark: if random.once_in(8) { "\u{feff}" } else { "" },
            endings: lines.iter().map(|_| ending(random)).collect(),
            lines,
        };
        if random.once_in(5) {
            file.cut_last();
        }
        file
    }

    /// Takes the final line break away. Without it an empty last line is none.
    pub(super) fn cut_last(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty())
            && let Some(ending) = self.endings.last_mut()
        {
            *ending = "";
        }
    }

    pub(super) fn content(&self) -> String {
        let lines = self.lines.iter().zip(&self.endings);
        let body: String = lines
            .flat_map(|(line, ending)| [line.as_str(), ending])
            .collect();
        format!("{}{body}", self.mark)
    }

    /// Puts lines before the line at `at`, from 0.
    pub(super) fn insert(&mut self, at: usize, lines: Vec<String>) {
        let ending = self
            .endings
            .iter()
            .find(|ending| !ending.is_empty())
            .copied()
            .unwrap_or("\n");
        self.endings.splice(at..at, lines.iter().map(|_| ending));
        self.lines.splice(at..at, lines);
    }

    /// Takes lines away, but never all of them.
    pub(super) fn remove(&mut self, at: usize, count: usize) {
        self.lines.drain(at..at + count);
        self.endings.drain(at..at + count);
    }
}

/// A few lines that differ from their like in a name.
fn block(random: &mut Random) -> Vec<String> {
    let name = random.pick(NAMES).unwrap_or(&"a");
    let indent = random.pick(&["", "  ", "\t", "    "]).unwrap_or(&"");
    [
        format!("{indent}function {name}(value) {{"),
        format!("{indent}  const next = {name}Next(value);"),
        String::new(),
        format!("{indent}  return next;"),
        format!("{indent}}}"),
    ]
    .into()
}

/// Lines that an edit puts in place of others; none to delete them.
pub(super) fn replacement(random: &mut Random) -> String {
    let lines: Vec<String> = (0..random.below(4))
        .map(|_| match random.below(3) {
            0 => format!("new {}", random.below(100)),
            1 => random.pick(LINES).unwrap_or(&"").replace('\r', ""),
            _ => format!("  $& {} $'", random.pick(NAMES).unwrap_or(&"a")),
        })
        .collect();
    lines.join("\n")
}

/// Lines that somebody else has put in.
pub(super) fn others(random: &mut Random) -> Vec<String> {
    let count = random.between(1, 6);
    (0..count)
        .map(|number| match random.below(3) {
            0 => random.pick(LINES).unwrap_or(&"").to_string(),
            _ => format!("// put in {number}"),
        })
        .collect()
}

//! What the offline planner understands.
//!
//! The planner reads English prompts with a fixed grammar and tables of words. It has no model and guesses nothing: a part that
//! it cannot read is quoted back, the rest is done.
//!
//! # Things and their fields
//!
//! A **thing** is what the app keeps records of. It is introduced in any of these ways, as often as the prompt likes (at most 8
//! things an app, 24 fields a thing):
//!
//! | way | example |
//! |---|---|
//! | noun `with` list | "a recipe box where people save recipes **with** a title, ingredients and cooking minutes" |
//! | noun `has`/`have`/`contains`/`includes`/`needs`/`consists of` list | "books **have** a title and an author" |
//! | noun `(`list`)` | "projects **(**name, deadline**)** and tasks **(**title, done, project**)**" |
//! | noun `:` list, noun ` - ` list | "Track my house plants**:** name, species, watered on" |
//! | `for each`/`for every` noun list | "**for every** customer their email and phone number" |
//! | `each`/`every` noun `has`, `it has` | "**each** recipe also **has** a difficulty" |
//! | noun `where`/`in which`/`to` … a verb of writing, list | "a workout app **where I can write down** the exercise, sets and reps" |
//! | lines or bullets under a noun | "Books:", "- title", "- year" |
//! | after a verb of keeping, `list of`, or before `tracker`, `list`, `manager`, `log` … without fields | "todo list", "an expense tracker" |
//!
//! "I want", "build me", "where people can save" and the like may stand anywhere before. A thing without fields gets the usual ones
//! if it is known (todos, notes, contacts, expenses, habits, bookmarks, events, books, movies, recipes and about fifty more), else a
//! name and notes, and that is said. Every thing has a required text field as its title; one is added where there is none.
//!
//! Items of a list are separated by commas, "and", or lines. Each is a noun, with an article or not, and any of:
//!
//! | said | means |
//! |---|---|
//! | `from 1 to 5`, `between 0 and 10`, `1-5`, `out of 10` | bounds |
//! | `in minutes`, `(kg)`, `in euros` | a number with that unit |
//! | `: a, b or c`, `(a, b or c)`, `a/b/c`, `such as a or b`, `one of a, b or c` | a choice with these options |
//! | `as a number`, `(date)`, `: long text`, `(yes/no)` | that kind |
//! | `required`, `optional` before, after or in parentheses | required or not |
//! | `how many …`, `whether …`, `when …`, `where …`, `which …` | number, yes or no, date, text, text or reference |
//! | `belongs to a company`, `taught by a teacher` | a reference, where there are such things |
//!
//! The kind follows from these, then from the words: first whether the field is named like another thing (a **reference**; a
//! plural, "authors have books", puts the reference on the other side), then by its last word:
//!
//! | kind | words |
//! |---|---|
//! | number | count, quantity, year, age, number of …, minutes, hours, kg, km, price, cost, amount (step 0.01), weight, distance … |
//! | rating | rating, stars (1 to 5) |
//! | date | date, deadline, due, birthday, born, since, "… on", "last watered" |
//! | yes or no | done, completed, paid, favourite, archived, "is …", single participles |
//! | e-mail, link | email; url, link, website, photo (a link to one) |
//! | long text | notes, description, ingredients, instructions, comments, address … |
//! | choice | status, priority, difficulty, severity, frequency, mood, with options of their own |
//! | text | everything else; also phone, serial, order … number |
//!
//! # Later messages
//!
//! | said | does |
//! |---|---|
//! | `add a rating from 1 to 5 to recipes`, `recipes also need a source url`, `give books tags` | new fields |
//! | `a task belongs to a project` | a reference |
//! | `add comments to recipes, each with a text` | a new thing whose records belong to one of recipes |
//! | `add a size to companies and a role to contacts` | fields of several things |
//! | `add a thing: shopping items with name and quantity` | a new thing |
//! | `remove the rating from recipes`, `remove the thing recipes` | takes it out of the app; stored records are not deleted |
//! | `rename the field notes to remarks`, `rename recipes to dishes` | new words on the screen; table and column stay, so no data is lost |
//! | `make the title optional`, `the year is required` | required or not; a title that names records stays required |
//! | `make the year a number`, `change notes to long text` | another kind |
//! | `add 'archived' to the statuses`, `remove urgent from the priorities` | options |
//! | `call the app Kitchen`, `change the tagline to …` | name and tagline |
//! | `make it green`, `dark blue`, `#7c3aed` | the colour of the theme |
//!
//! One message may hold several, in sentences or joined by "and". Where a request names no thing, the only thing, or the only one with
//! that field, is meant; otherwise nothing is guessed. What asks to do something with records ("share recipes with friends", "delete
//! all recipes") asks for no field, and a sentence that names only what there is changes nothing.
//!
//! # Packages
//!
//! | said | does |
//! |---|---|
//! | `add the package recharts`, `install date-fns`, `npm i date-fns@4`, `use date-fns`, `add dependency zod version 4` | adds it to `package.json`, if the registry has it |
//! | `remove the package recharts`, `uninstall date-fns` | takes it out of `package.json` |
//!
//! Several may be joined by "and" or commas. A message that asks for packages asks for nothing else.
//!
//! # Questions
//!
//! What the planner can do, how to say something, and what things there are: these are answered, and change nothing.

use super::{
    commands::command,
    fields, heads, items,
    kinds::Draft,
    meant,
    model::Thing,
    naming, nouns, places,
    questions::{Question, question},
    requests::{
        is_background, is_feature, is_order, is_small_talk, requests, take_colour, without_adding,
    },
    shapes,
    text::{Sentence, Token, quote, sentences},
    things::{self, Declared, Described},
    vocabulary::{BUILT_IN, FEATURES, has},
    words::{on_last_word, plural},
};

pub(super) use super::wishes::{Place, Wish};

/// How much of a prompt is read, in characters. Eight things of 24 fields fit several times.
const PROMPT_CHARS: usize = 6_000;

/// What a prompt says.
#[derive(Debug, Default)]
pub(super) struct Understanding {
    pub(super) wishes: Vec<Wish>,
    pub(super) questions: Vec<Question>,
    /// Parts that were not understood, word for word.
    pub(super) left: Vec<String>,
}

/// Reads a prompt, knowing the things that the app has.
pub(super) fn understand(prompt: &str, known: &[Thing]) -> Understanding {
    let mut reader = Reader {
        known,
        last: None,
        found: Understanding::default(),
        container: None,
        held: Vec::new(),
        group: Vec::new(),
        background: Vec::new(),
    };
    if let [only] = known {
        reader.last = Some(only.plural.clone());
    }
    let (read, unread) = match prompt.char_indices().nth(PROMPT_CHARS) {
        Some((end, _)) => prompt.split_at_checked(end).unwrap_or((prompt, "")),
        None => (prompt, ""),
    };
    if !unread.is_empty() {
        reader.found.left.push(format!(
            "everything after the first {PROMPT_CHARS} characters"
        ));
    }
    for sentence in sentences(read) {
        reader.sentence(sentence);
    }
    let Reader {
        mut found,
        container,
        held,
        background,
        ..
    } = reader;
    let described = found
        .wishes
        .iter()
        .any(|wish| matches!(wish, Wish::Thing { drafts, .. } if !drafts.is_empty()));
    if described {
        // "A gym log. Exercises: name, …" has exercises; the log is the app.
        found.wishes.retain(|wish| !matches!(wish, Wish::Thing { words, drafts } if drafts.is_empty() && held.contains(words)));
    }
    if !found
        .wishes
        .iter()
        .any(|wish| matches!(wish, Wish::Thing { .. }))
    {
        found.left.extend(background);
    }
    let mut plurals: Vec<String> = Vec::new();
    for wish in &found.wishes {
        if let Wish::Thing { words, .. } = wish {
            let words = on_last_word(&words.to_lowercase(), plural);
            if !plurals.contains(&words) {
                plurals.push(words);
            }
        }
    }
    let name = container
        .or_else(|| naming::after_things(&plurals))
        .filter(|_| known.is_empty() && !plurals.is_empty());
    found.wishes.extend(name.map(Wish::Suggest));
    found
}

struct Reader<'a> {
    known: &'a [Thing],
    /// The thing named last: "it".
    last: Option<String>,
    found: Understanding,
    /// The container that the first description asks for.
    container: Option<String>,
    /// The things of the last description: "both", "they".
    group: Vec<String>,
    /// Things that were only named by what holds them.
    held: Vec<String>,
    /// Sentences that introduce, and ask for nothing by themselves.
    background: Vec<String>,
}

impl Reader<'_> {
    fn sentence(&mut self, mut sentence: Sentence) {
        match question(&sentence) {
            Some(Ok(question)) => return self.found.questions.push(question),
            Some(Err(())) => return self.found.left.push(quote(&sentence.tokens) + "?"),
            None => {}
        }
        if let Some(name) = naming::take_given(&mut sentence.tokens) {
            self.found.wishes.push(Wish::Name(naming::cut(&name)));
        }
        let whole = places::trim(&sentence.tokens);
        if shapes::coloured(whole).is_none()
            && let Some(colour) = take_colour(&mut sentence.tokens)
        {
            self.found.wishes.push(Wish::Colour(colour));
        }
        for request in requests(&sentence.tokens, self.known) {
            self.request(request);
        }
    }

    fn request(&mut self, said: &[Token]) {
        if !said.iter().any(Token::is_word) || is_small_talk(said) {
            return;
        }
        let trimmed = places::trim(said);
        let negated = trimmed
            .first()
            .is_some_and(|first| first.is_in("don't dont never not no do"))
            && trimmed
                .iter()
                .any(|token| token.is_in("don't dont never not no"));
        if negated {
            return self.found.left.push(quote(said));
        }
        let bare_colour = shapes::coloured(trimmed).map(|wish| vec![wish]);
        if let Some(wishes) = command(said, self.known).or(bare_colour) {
            return self.wishes(wishes);
        }
        if is_order(trimmed, !self.known.is_empty()) {
            return self.lost(said);
        }
        if let Some(words) = self.last.clone()
            && things::belonging(trimmed).is_none()
            && let Some(body) = heads::headless(said)
        {
            let listed = fields::fields(body);
            self.wishes(vec![Wish::Thing {
                words,
                drafts: listed.drafts,
            }]);
            return listed.left.into_iter().for_each(|part| self.left(part));
        }
        if !self.known.is_empty()
            && let [first, rest @ ..] = trimmed
            && first.is_in("have need want")
            && items::items(rest).into_iter().all(things::is_things)
        {
            return self.wanted(rest);
        }
        let declared = things::declare(without_adding(trimmed));
        if self.container.is_none() && self.known.is_empty() && declared.left.is_empty() {
            let until = declared
                .things
                .first()
                .map_or(trimmed.len(), |thing| thing.end.max(thing.start));
            self.container = naming::container(without_adding(trimmed), until);
        }
        if declared.things.is_empty() && declared.belongs.is_empty() && self.known.is_empty() {
            if is_background(said, trimmed) {
                return self.background.push(quote(said));
            }
            return self.lost(said);
        }
        if meant::nothing_new(self.known, &declared, trimmed) {
            return self.lost(said);
        }
        self.described(declared, said);
    }

    /// Things that are only named: "I also need suppliers".
    fn wanted(&mut self, said: &[Token]) {
        let nouns = nouns::all(said).into_iter().map(|noun| noun.words);
        let wishes: Vec<Wish> = nouns
            .map(|words| Wish::Thing {
                words,
                drafts: Vec::new(),
            })
            .collect();
        self.group = wishes
            .iter()
            .filter_map(Wish::thing)
            .map(str::to_owned)
            .collect();
        self.last = self.group.last().cloned().or_else(|| self.last.take());
        self.wishes(wishes);
    }

    /// Takes up what a sentence says of things.
    fn described(&mut self, declared: Declared, said: &[Token]) {
        let mut group = Vec::new();
        for Described {
            words,
            drafts,
            held,
            each,
            ..
        } in declared.things
        {
            if words.is_none()
                && said.iter().any(|token| token.is_in("both all they"))
                && self.group.len() > 1
            {
                let all = self.group.clone();
                let wishes = all.into_iter().map(|words| Wish::Thing {
                    words,
                    drafts: drafts.clone(),
                });
                self.wishes(wishes.collect());
                continue;
            }
            let Some(words) = words.or_else(|| self.last.clone()) else {
                self.found.left.push(quote(said));
                continue;
            };
            let mut words = meant::same(self.known, &self.found.wishes, &words).unwrap_or(words);
            if each
                && let Some((parent, child)) = meant::owned(self.known, &self.found.wishes, &words)
            {
                self.found.wishes.push(Wish::Belongs {
                    child: child.clone(),
                    parent,
                });
                words = child;
            }
            if held {
                self.held.push(words.clone());
            }
            self.last = Some(words.clone());
            group.push(words.clone());
            self.wishes(vec![Wish::Thing { words, drafts }]);
        }
        if !group.is_empty() {
            self.group = group;
        }
        for (child, parent) in declared.belongs {
            let child = meant::same(self.known, &self.found.wishes, &child).unwrap_or(child);
            let parent = meant::same(self.known, &self.found.wishes, &parent).unwrap_or(parent);
            for words in [&child, &parent] {
                self.found.wishes.push(Wish::Thing {
                    words: words.clone(),
                    drafts: Vec::new(),
                });
            }
            self.found.wishes.push(Wish::Belongs { child, parent });
        }
        for part in declared.left {
            self.left(part);
        }
    }

    fn wishes(&mut self, wishes: Vec<Wish>) {
        for wish in wishes {
            match wish {
                Wish::Left(part) => self.left(part),
                Wish::Thing { words, drafts } => {
                    let asked = !drafts.is_empty();
                    let (features, drafts): (Vec<Draft>, Vec<Draft>) =
                        drafts.into_iter().partition(is_feature);
                    for draft in features {
                        self.left(draft.phrase);
                    }
                    if !asked || !drafts.is_empty() {
                        self.found.wishes.push(Wish::Thing { words, drafts });
                    }
                }
                other => self.found.wishes.push(other),
            }
        }
    }

    fn lost(&mut self, said: &[Token]) {
        self.left(quote(said));
    }

    fn left(&mut self, part: String) {
        let words: Vec<String> = part
            .to_lowercase()
            .split(|letter: char| !letter.is_alphanumeric() && letter != '-')
            .map(str::to_owned)
            .collect();
        let any = |list: &str| words.iter().any(|word| has(list, word));
        if any(BUILT_IN) && !any(FEATURES) && !any("everything all") {
            self.found.wishes.push(Wish::BuiltIn(part));
        } else if !part.is_empty() {
            self.found.left.push(part);
        }
    }
}

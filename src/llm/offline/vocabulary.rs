//! The tables of words behind the grammar. What each is for is told in `grammar`.

use super::model::Kind;

/// Whether a list of words separated by spaces holds the word.
pub(super) fn has(list: &str, word: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

/// The value of the first group that holds the word; words in a group are separated by `by`.
pub(super) fn group<T: Copy>(groups: &[(T, &str)], word: &str, by: char) -> Option<T> {
    groups
        .iter()
        .find(|(_, words)| words.split(by).any(|known| known == word))
        .map(|(value, _)| *value)
}

/// Words that start a request to change something.
pub(super) const COMMAND_VERBS: &str = "add remove delete rename make change build create replace";

/// Verbs of keeping records: what follows is a thing.
pub(super) const KEEPING: &str = "track tracks tracking keep keeps keeping list lists listing manage manages managing organize \
    organise organizing organising store stores storing collect collecting record recording save saves saving log \
    logging catalog catalogue cataloging cataloguing register remember maintain monitor monitoring plan planning handle \
    handling schedule scheduling capture capturing administer archive inventory add create";

/// Words that end a noun and belong to none: verbs, pronouns, prepositions, particles.
pub(super) const STOP: &str = "a an the my our your their his her its this that these those all any some each every different \
    various several many few multiple more new own simple small little nice basic beautiful cool tiny \
    quick modern clean personal easy minimal pretty great good single complete full i we you they he \
    she it i've we've i'm i'd we'd i'll we're who which where what when whose people users someone \
    everyone everybody anyone me us them let lets let's users' is are was were be been being am do does \
    did can could should would will must may might have has having had with without for of in on at to \
    from by about into as per like so and or but also too just only then please both plus well up down \
    out over than if whether want wants need needs help helps allow allows able show shows build make \
    makes create get gets using use used looking called named contains containing contain includes \
    include including not no yes there here now how because while after before between during against \
    along across around one two three four five six seven eight nine ten track tracks tracking keep keeps keeping manage manages managing organize \
    organise organizing organising store stores storing collect recording save saves saving logging \
    cataloging wanna gonna gotta maintain monitor monitoring remember handle capture register add edit enter submit write \
    share sharing scheduling planning browse see view";

/// Prepositions that hang a place or a purpose on a noun ("plants in my house").
pub(super) const PREPOSITIONS: &str = "in on at from by during around across within inside";

/// What an app is called after, and what holds things without being one.
pub(super) const CONTAINERS: &str = "app application web mobile online tool cellar wardrobe closet pantry store site website webapp system software platform program page dashboard \
    list lists tracker tracking manager management organizer organiser planner database box collection catalog \
    catalogue library journal diary log logbook register registry directory inventory archive crm portal hub \
    notebook binder vault shelf board keeper overview administration admin record records index book cookbook table \
    spreadsheet thing something solution mvp prototype crud set bunch folder desk";

/// Containers that keep records of what they are named after even when no fields are given ("an expense tracker").
pub(super) const RECORD_CONTAINERS: &str = "list tracker manager cellar wardrobe closet organizer organiser planner database box collection catalog catalogue library \
    journal diary log logbook register registry directory inventory management tracking keeper archive \
    book";

/// Lists whose name says what they are for, not what is in them, and containers that name a known thing.
pub(super) const NAMED_LISTS: &[(&str, &str)] = &[
    ("shopping items", "shopping list"),
    ("grocery items", "grocery list|groceries list"),
    ("packing items", "packing list"),
    ("books", "reading list|library"),
    ("movies", "watch list|watchlist"),
    ("wishes", "wish list|wishlist"),
    ("goals", "bucket list"),
    ("guests", "guest list"),
    (
        "todos",
        "to-do list|to do list|todo list|todolist|to-do|to-dos|to do|to dos",
    ),
    ("contacts", "address book|phone book"),
    ("recipes", "cookbook|recipe book"),
    ("diary entries", "diary"),
    ("journal entries", "journal"),
    ("posts", "blog"),
    ("customers", "crm|customer base"),
    ("notes", "notebook"),
    ("events", "calendar"),
    ("pantry items", "pantry"),
    ("items", "inventory|stock"),
    ("clothes", "wardrobe|closet"),
];

/// Heads of prompts that this planner has no way to make.
pub(super) const BEYOND: &str = "game games calculator chat chatbot bot clock timer stopwatch simulator simulation player editor \
    converter translator poem song essay joke landing compiler browser shooter racing puzzle animation \
    messenger quiz forecast translate shop marketplace drawing paint 3d stream streaming vpn script \
    spaceship weather";

/// What an app has anyway, without being asked.
pub(super) const BUILT_IN: &str = "search searching sort sorting filter find edit editing delete deleting dark mobile phone-friendly \
    responsive accessible crud browse view searchable sortable";

/// What people ask for that this planner does not make. Each is the head of the request.
pub(super) const FEATURES: &str = "cart payment chart charts graph graphs statistics stats notification notifications reminder reminders payments \
    checkout export exports import pdf csv upload uploads login logins authentication permissions roles \
    chat calendar map maps api webhook webhooks analytics report reports printing print alerts sync \
    offline password totals button widget leaderboard animation animations timeline kanban drag \
    pagination translations";

/// Units that numbers are named after, and how they are shown.
pub(super) const UNITS: &[(&str, &str)] = &[
    ("min", "minutes minute mins min"),
    ("h", "hours hour hrs"),
    ("s", "seconds"),
    ("days", "days"),
    ("weeks", "weeks"),
    ("months", "months"),
    ("years", "years"),
    ("kg", "kg kilograms kilos"),
    ("g", "grams g"),
    ("mg", "mg milligrams"),
    ("lbs", "lbs pounds"),
    ("km", "km kilometers kilometres"),
    ("mi", "miles"),
    ("m", "meters metres m"),
    ("cm", "cm centimeters centimetres"),
    ("mm", "mm"),
    ("in", "inches"),
    ("ft", "feet"),
    ("l", "litres liters l"),
    ("ml", "ml"),
    ("kcal", "kcal"),
    ("%", "percent"),
    ("€", "euros euro eur"),
    ("$", "dollars usd"),
    ("°", "degrees"),
    ("°C", "celsius"),
    ("W", "watts"),
    ("kWh", "kwh"),
    ("oz", "ounces oz"),
    ("CHF", "chf"),
    ("£", "gbp"),
];

/// Numbers, by the last word of the field, with their step.
pub(super) const NUMBERS: &[(&str, &str)] = &[
    (
        "1",
        "count quantity qty year age number calories pages servings portions points capacity stock sets \
        reps repetitions seats bedrooms bathrooms mileage population attempts wins losses laps credits \
        pieces copies votes likes views players streak interval duration elevation people persons \
        guests attendees participants episodes seasons",
    ),
    (
        "0.1",
        "score weight height distance width length depth area volume speed percentage percent \
        temperature kg km miles litres liters",
    ),
    ("0.000001", "latitude longitude"),
    (
        "0.01",
        "rate price cost costs amount budget salary fee fees total balance rent income wage value worth \
        deposit tax discount revenue turnover sum",
    ),
    ("0.25", "hours"),
];

/// Numbers that may be below zero.
pub(super) const SIGNED: &str =
    "balance temperature latitude longitude amount elevation degrees celsius score";

/// What makes a "… number" a text.
pub(super) const NAMED_NUMBERS: &str = "phone telephone mobile serial account order invoice house model flight tracking room part \
    license licence contact cell fax passport registration plate customer member membership reference ticket \
    product item article bank id vat policy batch lot chassis";

/// Other kinds, by the last word of the field.
pub(super) const KINDS: &[(Kind, &str)] = &[
    (
        Kind::Date,
        "date deadline due birthday birthdate born anniversary day expiry expires expiration start end \
        since until dob",
    ),
    (Kind::Rating, "rating stars"),
    (Kind::Email, "email e-mail mail emails"),
    (
        Kind::Url,
        "url link website site homepage webpage photo picture image avatar urls links photos linkedin \
        poster",
    ),
    (
        Kind::LongText,
        "notes note description ingredients instructions comment comments address steps directions \
        summary details body content bio biography review story message remarks remark thoughts plot \
        agenda method preparation symptoms observations reason abstract lyrics feedback memo \
        information info quote answer entry text",
    ),
    (
        Kind::Boolean,
        "signed cancelled renewed insured accepted done completed complete finished paid favorite favourite active archived read watched public \
        private urgent important available sold shipped checked packed bought purchased cooked vegan \
        vegetarian returned attended approved verified enabled owned lent confirmed subscribed received \
        resolved closed gluten-free billable vaccinated delivered reimbursed flag checkbox recurring \
        optional allowed included visited starred played tested invited spicy",
    ),
];

/// Choices that have options of their own when none are given.
pub(super) const CHOICES: &[(&str, &[&str])] = &[
    ("status", &["Planned", "Active", "Done"]),
    ("priority", &["Low", "Medium", "High"]),
    ("difficulty", &["Easy", "Medium", "Hard"]),
    ("severity", &["Low", "Medium", "High"]),
    ("frequency", &["Daily", "Weekly", "Monthly"]),
    ("mood", &["Great", "Good", "Okay", "Bad"]),
    (
        "weekday",
        &[
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
        ],
    ),
];

/// Words of which a list of options may follow without a sign.
pub(super) const CHOICE_WORDS: &str = "status priority difficulty severity frequency mood category type kind size genre state stage level \
    phase format condition season department course meal";

/// Kinds as people name them after "as", in parentheses or after a colon.
pub(super) const KIND_NAMES: &[(Kind, &str)] = &[
    (Kind::Text, "text|string|short text"),
    (
        Kind::LongText,
        "long text|multiline|multi-line|textarea|paragraph|multiline text|free text",
    ),
    (
        Kind::Number,
        "number|integer|int|decimal|numeric|float|whole number|money|currency",
    ),
    (Kind::Date, "date|day"),
    (
        Kind::Boolean,
        "boolean|bool|yes/no|yes / no|yes or no|y/n|true/false|true or false|checkbox|toggle|flag",
    ),
    (Kind::Email, "email|e-mail|email address"),
    (Kind::Url, "url|link|web address"),
    (Kind::Rating, "rating|stars|star rating"),
    (Kind::Choice, "choice|select|dropdown|drop-down|enum"),
    (Kind::Reference, "reference|relation"),
];

/// Colours: hue in degrees of oklch, chroma.
pub(super) const COLOURS: &str = "red 25 0.18|crimson 15 0.18|orange 50 0.16|brown 55 0.08|coral 35 0.15|amber 75 0.15|gold 85 0.14|\
    yellow 95 0.15|olive 110 0.1|lime 125 0.17|green 150 0.15|emerald 160 0.14|mint 165 0.1|\
    teal 185 0.11|turquoise 190 0.12|cyan 215 0.13|sky 235 0.13|blue 255 0.16|navy 262 0.12|\
    indigo 275 0.18|violet 290 0.18|purple 300 0.18|lavender 300 0.09|magenta 330 0.2|fuchsia 325 0.2|\
    pink 350 0.17|rose 10 0.16|burgundy 15 0.12|grey 255 0|gray 255 0|black 255 0|white 255 0|\
    monochrome 255 0|neutral 255 0|slate 255 0.03";

/// Words before a colour that change how strong it is: the chroma is multiplied by tenths.
pub(super) const SHADES: &str = "dark 7|deep 8|darker 7|muted 5|soft 6|pastel 5|pale 5|light 6|lighter 6|forest 8|bright 12|vivid 12|\
    strong 12";

/// The fields of things that people name without any. Each field is a phrase of the grammar.
pub(super) const DEFAULTS: &[(&str, &str)] = &[
    ("todo", "title, done, due date, notes"),
    ("task", "title, done, due date, priority"),
    ("chore", "title, done, due date, frequency"),
    ("note", "title, text"),
    ("contact", "name, email, phone, address, notes"),
    ("customer", "name, email, phone, address, notes"),
    ("client", "name, email, phone, address, notes"),
    ("person", "name, email, phone, birthday"),
    ("friend", "name, birthday, phone, notes"),
    ("member", "name, email, joined on, active"),
    ("user", "name, email"),
    ("student", "name, email, date of birth, notes"),
    ("teacher", "name, email, subject"),
    ("employee", "name, email, position, start date"),
    ("guest", "name, email, confirmed, notes"),
    ("course", "title, description, start date"),
    ("class", "title, teacher, room, start date"),
    ("expense", "title, amount, date, category, notes"),
    ("income", "title, amount, date, notes"),
    (
        "invoice",
        "invoice number, customer, amount, due date, paid",
    ),
    ("subscription", "name, price, renewal date, active"),
    ("habit", "name, frequency, active, notes"),
    ("goal", "title, target date, done, notes"),
    ("bookmark", "title, url, notes"),
    ("link", "title, url, notes"),
    ("event", "title, date, place, notes"),
    ("appointment", "title, date, place, notes"),
    ("meeting", "title, date, agenda, notes"),
    ("book", "title, author, year, read, rating"),
    ("movie", "title, year, watched, rating"),
    ("film", "title, year, watched, rating"),
    ("series", "title, seasons, watched, rating"),
    ("album", "title, artist, year, rating"),
    ("song", "title, artist, album"),
    (
        "recipe",
        "title, ingredients, instructions, cooking minutes",
    ),
    ("meal", "name, date, calories, notes"),
    ("workout", "title, date, duration in minutes, notes"),
    ("exercise", "name, sets, reps, weight in kg"),
    ("plant", "name, species, last watered, notes"),
    ("pet", "name, species, born on, notes"),
    ("project", "name, status, deadline, description"),
    ("product", "name, price, quantity, description"),
    ("item", "name, quantity, notes"),
    ("shopping item", "name, quantity, bought"),
    ("grocery item", "name, quantity, bought"),
    ("packing item", "name, quantity, packed"),
    ("wish", "title, url, price, notes"),
    ("order", "order number, customer, date, total, shipped"),
    ("ticket", "title, status, priority, description"),
    ("bug", "title, status, severity, description"),
    ("issue", "title, status, priority, description"),
    ("idea", "title, description"),
    ("post", "title, text, date, published: yes/no"),
    ("diary entry", "title, date, mood, text"),
    ("journal entry", "title, date, mood, text"),
    ("trip", "destination, start date, end date, notes"),
    ("place", "name, address, visited, notes"),
    ("restaurant", "name, cuisine, address, rating, notes"),
    ("car", "name, model, year, mileage"),
    ("game", "title, platform, year, rating"),
    ("job", "title, company, url, status"),
    ("company", "name, website, notes"),
    ("supplier", "name, email, phone, notes"),
    ("team", "name, description"),
    ("category", "name, description"),
    ("tag", "name"),
    ("author", "name, country"),
    ("lead", "name, company, email, status"),
    ("deal", "title, amount, stage, close date"),
    ("lesson", "title, date, notes"),
    ("quote", "quote, author, source"),
    ("wine", "name, country, year, rating"),
];

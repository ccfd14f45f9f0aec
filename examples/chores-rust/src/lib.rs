//! What actions can do, one of each: type a command and wait for the game's word, say no, keep a few bytes, read and write
//! files, edit a configuration of a game that does not run, and stop the game. Beside them a form for the game's own file,
//! and a page with a block of each kind.
//!
//! Its "game" says again what it reads.

use gantry_plugin::{act::answer, prelude::*};

const SCRIPT: &str = r#"while IFS= read -r line; do printf '%s\n' "$line"; done"#;
const RULES: &str = "rules.txt";
const LEDGER: &str = "times.txt";
/// What actions write.
const HOUSE: &str = "house.ini";
/// What people write, by a form.
const HOME: &str = "home.ini";

/// The plugin.
#[derive(Debug)]
pub struct Chores;

impl Plugin for Chores {
    fn blueprints() -> Vec<Blueprint> {
        let summary = "Says again what it reads, and does chores.".to_owned();
        vec![Blueprint { summary, ..Blueprint::new("chores", "Chores") }]
    }

    fn install(_: &Server) -> Result<InstallPlan, Failure> {
        let home = "; The house.\n[door]\nopen = true\ncolour = blue\n";
        Ok(InstallPlan::new().step("Write the rules", 1, Action::Write(Write::once(RULES, "Be kind."))).step(
            "Build the house",
            1,
            Action::Write(Write::once(HOME, home)),
        ))
    }

    fn run(_: &Server) -> Result<RunSpec, Failure> {
        let image = Image::reference("debian:bookworm-slim");
        let mut spec = RunSpec::new(image, ["bash", "-c", SCRIPT]);
        // A terminal would say each line again before the game does.
        spec.terminal = false;
        Ok(spec.stop([
            StopStep::Action("farewell".to_owned()),
            StopStep::WaitMs(2_000),
            StopStep::Interrupt,
            StopStep::WaitMs(5_000),
        ]))
    }
}

impl Actions for Chores {
    fn offer(_: &Server) -> Vec<ServerAction> {
        let word = || {
            Variable::text("word", "Word", "", 40)
                .required()
                .pattern("[a-z ]+", "Small letters and spaces, for it becomes a pattern too.")
        };
        vec![
            ServerAction::new("repeat", "Repeat a word")
                .help("Types it and waits until the game has said it.")
                .icon("megaphone")
                .ask(word())
                .ask(Variable::number("times", "Times", 1, 1, 5))
                .ask(Variable::secret("key", "Key", 0, 32).help("Nobody sees it again.")),
            ServerAction::new("listen", "Wait for a word")
                .help("Types nothing, and fails if nobody says the word in time.")
                .icon("clock")
                .ask(word())
                .ask(Variable::number("seconds", "Seconds", 10, 1, 300).unit("s")),
            ServerAction::new("refuse", "Ask for the impossible").icon("shield-x"),
            ServerAction::new("rules", "Read the rules")
                .icon("book")
                .available(Availability::Always)
                .help("And counts how often that was done."),
            ServerAction::new("open", "Open or close the house")
                .icon("settings")
                .available(Availability::Stopped)
                .audience(Audience::Owners)
                .ask(Variable::boolean("open", "Open", true))
                .confirm("Holds from the next start on."),
            ServerAction::new("later", "Close the house later")
                .help("Waits first, and so shows what becomes of it when the server does something else meanwhile.")
                .icon("clock")
                .available(Availability::Stopped)
                .audience(Audience::Owners)
                .ask(Variable::number("seconds", "Seconds", 10, 0, 300).unit("s")),
            ServerAction::new("farewell", "Say farewell").icon("log-out"),
        ]
    }

    fn perform(server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
        match id {
            "repeat" => Ok(repeat(answer(form, "word"), answer(form, "times").parse().unwrap_or(1))),
            "listen" => {
                let seconds = answer(form, "seconds").parse().unwrap_or(10);
                let word = answer(form, "word");
                Ok(vec![Effect::await_line(&format!("^{word}$"), seconds), said(word)])
            }
            "refuse" => Err(Failure::new("out_of_paint", "There is no paint left in the house.")),
            "rules" => rules(),
            "open" => Ok(vec![
                Effect::EditConfig(ConfigEdit::new(
                    HOUSE,
                    Format::Ini,
                    [("door.open", answer(form, "open").to_owned())],
                )),
                Effect::Message("The door knows.".to_owned()),
            ]),
            "later" => {
                let seconds: u32 = answer(form, "seconds").parse().unwrap_or(10);
                let close = ConfigEdit::new(HOUSE, Format::Ini, [("door.open", "false".to_owned())]);
                Ok(vec![
                    Effect::Message("The door will be closed.".to_owned()),
                    Effect::WaitMs(seconds * 1_000),
                    Effect::EditConfig(close),
                ])
            }
            "farewell" => Ok(vec![Effect::Command(format!("farewell from {}", server.name))]),
            _ => Err(ServerAction::unknown(id)),
        }
    }
}

impl Quiescing for Chores {
    fn broadcast(_: &Server, text: &str) -> Vec<Effect> {
        vec![Effect::Command(format!("tell {text}"))]
    }
    fn quiesce(_: &Server) -> Vec<Effect> {
        vec![Effect::Command("hush".to_owned()), Effect::await_line("^hush$", 10)]
    }
    fn resume(_: &Server) -> Vec<Effect> {
        vec![Effect::Command("go on".to_owned())]
    }
}

impl ConfigFiles for Chores {
    fn list(_: &Server) -> Vec<ConfigFile> {
        let field = |at: &str, question| Field { at: at.to_owned(), notation: Notation::LikeThere, question };
        let colours = [("blue", "Blue"), ("green", "Green")];
        let file = |id: &str, title: &str, path: &str, fields| ConfigFile {
            id: id.to_owned(),
            title: title.to_owned(),
            help: String::new(),
            path: path.to_owned(),
            format: Format::Ini,
            fields,
        };
        vec![
            file(
                "house",
                "The house",
                HOME,
                vec![
                    field(
                        "door.open",
                        Variable::boolean("open", "Door open", true).editable_by(Audience::Owners),
                    ),
                    field("door.colour", Variable::one_of("colour", "Colour of the door", "blue", &colours)),
                    field("door.key", Variable::secret("key", "Key under the mat", 0, 32)),
                    field("rooms.count", Variable::number("rooms", "Rooms", 4, 1, 12)),
                ],
            ),
            // Nobody has made a garden yet.
            file(
                "garden",
                "The garden",
                "garden.ini",
                vec![field("trees", Variable::number("trees", "Trees", 0, 0, 99))],
            ),
        ]
    }
}

impl Tabs for Chores {
    fn offer(_: &Server) -> Vec<Tab> {
        let tab = |id: &str, title: &str, audience, refresh_ms| Tab {
            id: id.to_owned(),
            title: title.to_owned(),
            audience,
            refresh_ms,
        };
        vec![
            tab("house", "House", Audience::Members, Some(60_000)),
            tab("books", "Books", Audience::Owners, None),
        ]
    }

    fn render(server: &Server, tab: &str) -> Result<Vec<Block>, Failure> {
        match tab {
            "house" => house(server),
            "books" => Err(Failure::new("locked", "The books are locked away.")),
            _ => Err(Failure::new("no_such_tab", "The house has no such page.")),
        }
    }
}

/// Counts how often it was drawn, so that one can see how many share a drawing.
fn house(server: &Server) -> Result<Vec<Block>, Failure> {
    let drawn = count("drawn")?;
    let rules = String::from_utf8_lossy(&files::read(RULES, 1_024)?).into_owned();
    let column = |title: &str, alignment| Column { title: title.to_owned(), alignment };
    let row = |word: &str, letters: usize| Row {
        cells: vec![word.to_owned(), letters.to_string()],
        actions: vec![RowAction {
            action: "repeat".to_owned(),
            label: "Say it".to_owned(),
            form: vec![Setting { key: "word".to_owned(), value: word.to_owned() }],
        }],
    };
    Ok(vec![
        Block::Heading(server.name.clone()),
        Block::Text(rules),
        Block::Note(Note { tone: Tone::Good, text: "Nothing burns.".to_owned() }),
        Block::Facts(vec![Fact { label: "Drawn".to_owned(), value: drawn.to_string() }]),
        Block::Table(Table {
            title: "Words".to_owned(),
            columns: vec![column("Word", Alignment::Start), column("Letters", Alignment::End)],
            rows: ["moss", "fern"].map(|word| row(word, word.len())).to_vec(),
            when_empty: "Nobody knows a word.".to_owned(),
        }),
        Block::Chart(Chart { title: "Guests".to_owned(), series: vec!["players".to_owned()] }),
        Block::Form("repeat".to_owned()),
    ])
}

/// One more than it was.
fn count(key: &str) -> Result<u32, Failure> {
    let before = kv::get(key)?.and_then(|bytes| String::from_utf8(bytes).ok());
    let times = before.and_then(|text| text.parse::<u32>().ok()).unwrap_or(0) + 1;
    kv::set(key, times.to_string().as_bytes())?;
    Ok(times)
}

fn said(word: &str) -> Effect {
    Effect::Message(format!("Somebody said {word}."))
}

fn repeat(word: &str, times: u32) -> Vec<Effect> {
    let once = |number| {
        let line = format!("{word} {number}");
        [Effect::Command(line.clone()), Effect::await_line(&format!("^{line}$"), 10)]
    };
    (1..=times).flat_map(once).chain([said(word)]).collect()
}

fn rules() -> Result<Vec<Effect>, Failure> {
    let rules = files::read(RULES, 1_024)?;
    let times = count("times")?;
    files::write(LEDGER, format!("{times}\n").as_bytes())?;
    let rules = String::from_utf8_lossy(&rules);
    Ok(vec![Effect::Message(rules.into_owned()), Effect::Message(format!("Read {times} times."))])
}

gantry_plugin::export!(Chores);

//! Pages that a plugin describes: forms for files, and tabs.

use gantry_types::page::{
    Alignment, Block, Column, ConfigField, ConfigFile, LabelledFact, Row, RowAction, Tab, Tone,
};
use gantry_types::server::Setting;

use super::{Checked, blueprints, check, plans, text};
use crate::bindings::{config_files as files, tabs as wit, types};
use crate::component::Parts;

const FILES: usize = 64;
const FIELDS: usize = 256;
const TABS: usize = 16;
const BLOCKS: usize = 64;
const COLUMNS: usize = 16;
const ROWS: usize = 512;
const ROW_ACTIONS: usize = 4;
const FACTS: usize = 64;
const SERIES: usize = 8;
const TITLE: usize = 64;
const CELL: usize = 512;
const PROSE: usize = 16 * 1024;
/// A page that asks more often would be a load of its own.
const REFRESH_MS: u32 = 1_000;

/// Checks forms: ids are unique, places and questions sane.
pub(crate) fn config_files(given: Vec<files::ConfigFile>, parts: Parts) -> Checked<Vec<ConfigFile>> {
    let given = check::count("the list of files", given, FILES)?;
    check::unique("file", given.iter().map(|each| each.id.as_str()))?;
    given.into_iter().map(|each| config_file(each, parts)).collect()
}

fn config_file(given: files::ConfigFile, parts: Parts) -> Checked<ConfigFile> {
    let id = check::id("file", given.id)?;
    let whose = format!("file {id}");
    let fields = check::count(&format!("{whose}: fields"), given.fields, FIELDS)?;
    check::unique(&format!("{whose}: question"), fields.iter().map(|each| each.question.key.as_str()))?;
    let field = |field: files::Field| {
        Ok(ConfigField {
            at: check::line(&format!("{whose}: place"), field.at, 1, 1_024)?,
            notation: plans::notation(field.notation),
            question: blueprints::variable(&whose, field.question, parts)?,
        })
    };
    Ok(ConfigFile {
        title: check::title(&format!("{whose}: title"), given.title, 1, TITLE)?,
        help: check::prose(&format!("{whose}: help"), given.help, 0, PROSE)?,
        path: check::path(&format!("{whose}: path"), given.path)?,
        format: plans::format(given.format),
        fields: fields.into_iter().map(field).collect::<Checked<_>>()?,
        id,
    })
}

/// Checks tabs: ids are unique, and none asks too often.
pub(crate) fn tabs(given: Vec<wit::Tab>) -> Checked<Vec<Tab>> {
    let given = check::count("the list of tabs", given, TABS)?;
    check::unique("tab", given.iter().map(|each| each.id.as_str()))?;
    let tab = |tab: wit::Tab| {
        let id = check::id("tab", tab.id)?;
        if tab.refresh_ms.is_some_and(|ms| ms < REFRESH_MS) {
            return Err(format!("tab {id}: refresh-ms must be at least {REFRESH_MS}"));
        }
        Ok(Tab {
            title: check::title(&format!("tab {id}: title"), tab.title, 1, TITLE)?,
            audience: blueprints::audience(tab.audience),
            refresh_ms: tab.refresh_ms,
            id,
        })
    };
    given.into_iter().map(tab).collect()
}

/// Checks a tab's content. Its texts may be a game's, so they are cut and cleaned and not refused.
pub(crate) fn blocks(given: Vec<wit::Block>) -> Checked<Vec<Block>> {
    check::count("the list of blocks", given, BLOCKS)?.into_iter().map(block).collect()
}

fn block(given: wit::Block) -> Checked<Block> {
    let title = |given: &str| text::cleaned(given, CELL);
    Ok(match given {
        wit::Block::Heading(given) => Block::Heading { text: title(&given) },
        wit::Block::Text(given) => Block::Text { text: lines(&given) },
        wit::Block::Note(given) => Block::Note { tone: tone(given.tone), text: lines(&given.text) },
        wit::Block::Facts(given) => {
            let fact =
                |fact: wit::Fact| LabelledFact { label: title(&fact.label), value: title(&fact.value) };
            let given = check::count("a list of facts", given, FACTS)?;
            Block::Facts { facts: given.into_iter().map(fact).collect() }
        }
        wit::Block::Table(given) => table(given)?,
        wit::Block::Chart(given) => {
            let series = check::count("a chart's series", given.series, SERIES)?;
            let series = series.into_iter().map(|name| check::key("a chart's series", name));
            Block::Chart { title: title(&given.title), series: series.collect::<Checked<_>>()? }
        }
        wit::Block::Form(action) => Block::Form { action: check::id("a form's action", action)? },
    })
}

fn table(given: wit::Table) -> Checked<Block> {
    let columns = check::count("a table's columns", given.columns, COLUMNS)?;
    let rows = check::count("a table's rows", given.rows, ROWS)?;
    let width = columns.len();
    let row = |row: wit::Row| {
        if row.cells.len() != width {
            return Err(format!("a row has {} cells; its table has {width} columns", row.cells.len()));
        }
        let actions = check::count("a row's actions", row.actions, ROW_ACTIONS)?;
        Ok(Row {
            cells: row.cells.iter().map(|cell| text::cleaned(cell, CELL)).collect(),
            actions: actions.into_iter().map(row_action).collect::<Checked<_>>()?,
        })
    };
    Ok(Block::Table {
        title: text::cleaned(&given.title, CELL),
        rows: rows.into_iter().map(row).collect::<Checked<_>>()?,
        columns: columns
            .into_iter()
            .map(|column| Column {
                title: text::cleaned(&column.title, CELL),
                alignment: match column.alignment {
                    wit::Alignment::Start => Alignment::Start,
                    wit::Alignment::End => Alignment::End,
                },
            })
            .collect(),
        when_empty: text::cleaned(&given.when_empty, CELL),
    })
}

fn row_action(given: wit::RowAction) -> Checked<RowAction> {
    let form = check::count("a row's form", given.form, FACTS)?;
    let setting = |each: types::Setting| {
        let key = check::key("a row's form", each.key)?;
        Ok(Setting { key, value: check::content("a row's form", each.value, CELL * 8)? })
    };
    Ok(RowAction {
        action: check::id("a row's action", given.action)?,
        label: text::cleaned(&given.label, TITLE),
        form: form.into_iter().map(setting).collect::<Checked<_>>()?,
    })
}

fn tone(given: wit::Tone) -> Tone {
    match given {
        wit::Tone::Neutral => Tone::Neutral,
        wit::Tone::Good => Tone::Good,
        wit::Tone::Warning => Tone::Warning,
        wit::Tone::Bad => Tone::Bad,
    }
}

/// Several lines of prose, each cleaned.
fn lines(given: &str) -> String {
    let given: String = given.chars().take(PROSE).collect();
    given.lines().map(|line| text::cleaned(line, PROSE)).collect::<Vec<_>>().join("\n")
}

//! Where settings come from: a variable, or for anything secret the file that `<NAME>_FILE` names.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use anyhow::{Context as _, anyhow};
use ipnet::IpNet;
use secrecy::SecretString;

/// One setting, as `vestibule config` shows it.
#[derive(Debug)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    /// What the number counts, or which form the text has.
    pub unit: &'static str,
    /// The value when the variable is absent; none if it has to be given.
    pub default: Option<&'static str>,
    /// What it does, and what too much or too little of it does.
    pub about: &'static str,
}

/// The environment, taken once.
#[derive(Debug, Default)]
pub struct Env(HashMap<String, String>);

impl Env {
    /// The process's own environment.
    pub fn of_process() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one reader of the environment")]
        Self(std::env::vars().collect())
    }

    /// An environment of exactly these variables.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// This environment with some variables set otherwise.
    pub fn with<'a>(mut self, pairs: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        self.0.extend(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)));
        self
    }

    /// The text of a setting: the variable, else its file, else the default.
    pub fn text(&self, setting: &Setting) -> anyhow::Result<Option<String>> {
        let name = setting.name;
        if let Some(value) = self.0.get(name) {
            return Ok(Some(value.clone()));
        }
        if let Some(path) = self.0.get(&format!("{name}_FILE")) {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("{name}_FILE: cannot read {path}"))?;
            return Ok(Some(text.trim_end().to_owned()));
        }
        Ok(setting.default.map(str::to_owned))
    }

    /// A setting that has to have a value.
    pub fn parse<T: FromStr<Err: Display>>(&self, setting: &Setting) -> anyhow::Result<T> {
        self.parse_optional(setting)?.ok_or_else(|| anyhow!("{} is not set: {}", setting.name, setting.about))
    }

    /// A setting that may be absent.
    pub fn parse_optional<T: FromStr<Err: Display>>(&self, setting: &Setting) -> anyhow::Result<Option<T>> {
        self.text(setting)?
            .map(|text| text.parse().map_err(|e| anyhow!("{} is not {}: {e}", setting.name, setting.unit)))
            .transpose()
    }

    /// A list of networks, separated by commas.
    pub fn networks(&self, setting: &Setting) -> anyhow::Result<Vec<IpNet>> {
        let list: String = self.parse(setting)?;
        let networks = list.split(',').map(str::trim).filter(|network| !network.is_empty());
        let parse = |network: &str| {
            network.parse().map_err(|e| anyhow!("{} has a wrong network {network}: {e}", setting.name))
        };
        networks.map(parse).collect()
    }

    /// A secret that may be absent. Never printed.
    pub fn secret(&self, setting: &Setting) -> anyhow::Result<Option<SecretString>> {
        Ok(self.text(setting)?.map(SecretString::from))
    }
}

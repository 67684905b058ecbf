//! Templates over the secrets of this sidecar: without files and network, and with bounded work and output.

use super::error::{OUTPUT_BYTES_MAX, TEXT_BYTES_MAX, TemplateError};
use super::file_name::FileName;
use crate::words::Secret;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The most instructions. Each may make 64 bytes of intermediate values: 6 MiB in all.
const FUEL_MAX: u64 = 100_000;
/// The template's name within its environment. Errors use the file's name instead.
const NAME: &str = "template";

/// A template whose syntax was checked.
#[derive(Debug)]
pub(super) struct Template(String);

impl Template {
    /// Checks the syntax.
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(TemplateError::TooLong);
        }
        environment(text)?;
        Ok(Self(text.to_owned()))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Renders it with these secrets. A fault names its kind and line, and no value.
    pub(super) fn render(&self, secrets: &BTreeMap<FileName, Secret>) -> Result<Secret, TemplateError> {
        let text = |(name, secret): (&FileName, &Secret)| match secret.expose_text() {
            Some(text) => Ok((Value::from(name.as_str()), Value::from(text))),
            None => Err(name.clone()),
        };
        // A secret that is not text is left out: it matters only if a template uses it.
        let values: Value = secrets.iter().map(text).filter_map(Result::ok).collect::<BTreeMap<Value, Value>>().into();
        let context: Value = BTreeMap::from([("secrets", values)]).into();
        let environment = environment(&self.0)?;
        let template = environment.get_template(NAME)?;
        let mut bounded = Bounded { bytes: Vec::new(), over: false };
        let rendered = template.render_captured_to(context, &mut bounded).map(drop);
        let Bounded { bytes, over } = bounded;
        let output = Secret::new(bytes);
        match rendered {
            Ok(()) => Ok(output),
            Err(_) if over => Err(TemplateError::TooLarge),
            Err(fault) => Err(fault.into()),
        }
    }
}

fn environment(text: &str) -> Result<Environment<'_>, Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_syntax(SyntaxConfig::builder().keep_trailing_newline(true).build()?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL_MAX));
    environment.remove_global("debug");
    environment.add_template(NAME, text)?;
    Ok(environment)
}

/// A buffer of limited size for the output.
struct Bounded {
    bytes: Vec<u8>,
    over: bool,
}

impl Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + more.len() > OUTPUT_BYTES_MAX {
            self.over = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str) -> Result<String, String> {
        let secret = |name: &str, value: &[u8]| (FileName::parse(name).unwrap(), Secret::new(value.to_vec()));
        let big = "x".repeat(100_000);
        let secrets = [secret("db-password", b"hunt<er>&2"), secret("binary", b"\xff\x00"), secret("big", big.as_bytes())];
        let rendered = Template::parse(text).and_then(|template| template.render(&secrets.into()));
        let rendered = rendered.map_err(|fault| fault.to_string())?;
        Ok(rendered.expose_text().unwrap().to_owned())
    }

    #[test]
    fn secrets_are_inserted_unchanged_where_they_are_named() {
        assert_eq!(render("DB={{ secrets['db-password'] }}\n").unwrap(), "DB=hunt<er>&2\n");
        assert_eq!(render("{{ secrets['db-password'] | urlencode }}").unwrap(), "hunt%3Cer%3E%262");
        assert_eq!(render("{{ {'p': secrets['db-password']} | tojson }}").unwrap(), "{\"p\": \"hunt\\u003cer\\u003e\\u00262\"}");
        assert_eq!(render("{% if 'other' in secrets %}x{% endif %}plain").unwrap(), "plain");
    }

    #[test]
    fn a_missing_or_binary_secret_is_a_fault_that_repeats_no_value() {
        for text in ["{{ secrets.nobody }}", "{{ secrets.binary }}", "{{ nothing }}", "a\n{{ secrets['db-password'].x.y }}"] {
            let fault = render(text).unwrap_err();
            assert!(!fault.contains("hunt"), "{fault}");
        }
        for text in ["{{ secrets['db-password'] | int }}", "{{ secrets['db-password'] + 1 }}", "{{ secrets['db-password']() }}"] {
            let fault = render(text).unwrap_err();
            assert!(!fault.contains("hunt"), "{fault}");
        }
    }

    #[test]
    fn a_template_reaches_nothing_outside_of_it() {
        for text in [
            "{% include '/etc/passwd' %}",
            "{% extends 'x' %}",
            "{% import 'x' as y %}",
            "{% macro m() %}{% endmacro %}",
            "{{ open('x') }}",
            "{{ debug() }}",
            "{{ env('HOME') }}",
            "{{ secrets.__class__ }}",
            "{{ '' | read_file }}",
        ] {
            assert!(render(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bombs_end_early() {
        let doubled = format!("{{% set a = secrets.big %}}{}", "{% set a = a ~ a %}".repeat(40));
        let captured =
            format!("{{% set a %}}{{{{ secrets.big }}}}{{% endset %}}{}", "{% set a %}{{ a }}{{ a }}{% endset %}".repeat(40));
        let nested =
            "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}";
        let begun = crate::words::processor_time();
        for text in [
            nested,
            &doubled,
            &captured,
            "{{ 'x' * 99999999999 }}",
            "{{ 'x' * 2000000 }}",
            "{% for a in range(20) %}{{ secrets.big }}{% endfor %}",
            "{{ range(99999999999) | list }}",
            "{{ [0] * 99999999999 }}",
        ] {
            assert!(render(text).is_err(), "{}", &text[..40.min(text.len())]);
        }
        let used = crate::words::processor_time() - begun;
        assert!(used < std::time::Duration::from_secs(10), "{used:?}");
        assert!(Template::parse(&"x".repeat(TEXT_BYTES_MAX + 1)).is_err());
        let deep = format!("{{{{ {}1{} }}}}", "(".repeat(30_000), ")".repeat(30_000));
        assert!(render(&deep).is_err());
    }
}

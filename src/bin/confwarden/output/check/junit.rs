//! `JUnit`: one suite a file, one case a finding, one that passed where there is none.

use std::io;

use confwarden::finding::Action;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{CheckReport, CheckedFile, sentence};
use crate::output::entry::FindingEntry;

pub(super) fn render(report: &CheckReport) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut writer, report).expect("a vector takes every text");
    String::from_utf8(writer.into_inner()).expect("it was made of texts") + "\n"
}

fn write(writer: &mut Writer<Vec<u8>>, report: &CheckReport) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all = report.findings().count();
    let counts = [("tests", all.max(report.files.len())), ("failures", report.errors)];
    writer
        .create_element("testsuites")
        .with_attribute(("name", "confwarden check"))
        .with_attributes(
            counts
                .map(|(name, count)| (name, count.to_string()))
                .iter()
                .map(|(name, count)| (*name, count.as_str())),
        )
        .write_inner_content(|writer| {
            report.files.iter().try_for_each(|file| suite(writer, file))
        })?;
    Ok(())
}

fn suite(writer: &mut Writer<Vec<u8>>, file: &CheckedFile) -> io::Result<()> {
    let told: Vec<&FindingEntry> =
        file.findings.iter().filter(|finding| finding.action != Action::Audit).collect();
    let failures = told.iter().filter(|finding| finding.action == Action::Deny).count();
    let (tests, failures) = (told.len().max(1).to_string(), failures.to_string());
    writer
        .create_element("testsuite")
        .with_attribute(("name", file.file.as_str()))
        .with_attribute(("tests", tests.as_str()))
        .with_attribute(("failures", failures.as_str()))
        .write_inner_content(|writer| {
            if told.is_empty() {
                let case = writer.create_element("testcase").with_attribute(("name", "ok"));
                case.with_attribute(("classname", file.file.as_str())).write_empty()?;
            }
            told.iter().try_for_each(|finding| case(writer, file, finding))
        })?;
    Ok(())
}

fn case(
    writer: &mut Writer<Vec<u8>>,
    file: &CheckedFile,
    finding: &FindingEntry,
) -> io::Result<()> {
    let name = match &finding.path {
        Some(path) => format!("{}: {path}", finding.rule),
        None => finding.rule.to_owned(),
    };
    let place = finding.file.as_ref().unwrap_or(&file.file);
    let place = match finding.line {
        Some(line) => format!("{place}:{line}"),
        None => place.clone(),
    };
    let message = sentence(finding);
    writer
        .create_element("testcase")
        .with_attribute(("name", name.as_str()))
        .with_attribute(("classname", file.file.as_str()))
        .write_inner_content(|writer| {
            if finding.action == Action::Deny {
                let failure = writer.create_element("failure");
                let failure = failure.with_attribute(("message", message.as_str()));
                failure.write_text_content(BytesText::new(&place))?;
            } else {
                let out = writer.create_element("system-out");
                out.write_text_content(BytesText::new(&format!("{place}: warning: {message}")))?;
            }
            Ok(())
        })?;
    Ok(())
}

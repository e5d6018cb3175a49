//! Cases of the public tracker: what the writer made of the file, and what it is put right to. Each
//! test is named after the id of its case.

use std::path::Path;

use super::testing::{BASE, Write, rewritten, stringify, text};
use super::{Context, PutBackKind, Redress, heal, redress, redress_root};
use crate::compose::{Configuration, IncludeFaultKind, Part, Rules};
use crate::doc::{Document, Format};
use crate::profile::Profile;

/// openclaw#20344: the app writes another token at each launch.
#[test]
fn tk_03_an_app_rewrites_the_block_at_each_launch() {
    let theirs = rewritten(
        BASE,
        &[
            ("gateway.auth", Some("{ mode: 'token', token: 'c09e55a1f3' }")),
            ("logging.level", Some("'debug'")),
        ],
    );
    Write::of(BASE, &theirs).check_dressed(
        &[
            "reverted gateway.auth.token by auth-token-changed",
            "restored gateway.auth.allowTailscale by auth-block-lost",
        ],
        &BASE.replace("'info'", "'debug'"),
    );
}

/// openclaw#20189: a wizard writes its own file over a live one.
#[test]
fn tk_04_a_wizard_overwrites_a_live_file() {
    let theirs = "{ gateway: { mode: 'local', port: 18800, auth: { mode: 'token', token: 'c09e55a1f3' } }, wizard: { lastRun: '2026-02-17' } }";
    let healing = Write::of(BASE, theirs).heal();
    assert_eq!(healing.uncured, []);
    let value = healing.configuration.effective().clone();
    let base = Document::parse(BASE, Format::Json5).unwrap().root().to_value();
    for section in ["agents", "channels", "bindings", "secrets", "mcp", "logging"] {
        assert_eq!(value.get(section), base.get(section), "{section}");
    }
    let at = |path: &str| value.at(&path.parse().unwrap()).cloned();
    assert_eq!(at("gateway.auth"), base.at(&"gateway.auth".parse().unwrap()).cloned());
    assert_eq!(at("gateway.port"), Some(crate::doc::Value::Integer(18800)));
    assert_eq!(at("wizard.lastRun"), Some(crate::doc::Value::string("2026-02-17")));
}

/// openclaw PR#18407: `configure` omits authentication on purpose, on loopback.
#[test]
fn tk_06_configure_omits_authentication() {
    let base = BASE.replace("bind: 'lan'", "bind: 'loopback'");
    let theirs = rewritten(&base, &[("gateway.auth", None)]);
    Write::of(&base, &theirs).check_dressed(
        &[
            "restored gateway.auth.token by auth-token-dropped",
            "restored gateway.auth by auth-block-lost",
        ],
        &base,
    );
    let mut write = Write::of(&base, &theirs);
    write.allow = vec!["auth-token-dropped".to_owned(), "auth-block-lost".to_owned()];
    write.check(&[], &theirs);
}

/// OpenRouterLabs/spawn#2570: after some `config set` the token is missing.
#[test]
fn tk_09_the_token_is_missing_after_other_settings() {
    let theirs = rewritten(
        BASE,
        &[("browser", Some("{ enabled: true, headless: true }")), ("gateway.auth.token", None)],
    );
    Write::of(BASE, &theirs).check_dressed(
        &["restored gateway.auth.token by auth-token-dropped"],
        &BASE.replace(
            "  logging: { level: 'info' },\n",
            "  logging: { level: 'info' },\n  browser: { enabled: true, headless: true },\n",
        ),
    );
}

/// The same by a writer that leaves the rest of the text alone: the token is in its place again.
#[test]
fn tk_09_a_line_that_was_cut_out_is_where_it_was() {
    let cut = "      // Rotated on Mondays.\n      token: '4f1c9ab27d',\n";
    Write::of(BASE, &BASE.replace(cut, ""))
        .check(&["restored gateway.auth.token by auth-token-dropped"], BASE);
    let first = BASE.replace("mode: 'token',\n      // Rotated", "// Rotated");
    Write::of(&first, &first.replace(cut, ""))
        .check(&["restored gateway.auth.token by auth-token-dropped"], &first);
}

/// clawmetry#5782: a tool's own section, and a repair that rotates the token.
#[test]
fn tk_13_a_repair_rotates_the_token() {
    let theirs = rewritten(
        BASE,
        &[("clawmetry", Some("{ interval: 60 }")), ("gateway.auth.token", Some("'c09e55a1f3'"))],
    );
    Write::of(BASE, &theirs).check_dressed(
        &["reverted gateway.auth.token by auth-token-changed"],
        &BASE.replace(
            "  logging: { level: 'info' },\n",
            "  logging: { level: 'info' },\n  clawmetry: { interval: 60 },\n",
        ),
    );
}

/// openclaw#11355: settings of the app replace every secret, and numbers, by the mark of redaction.
#[test]
fn se_10_marks_of_redaction_everywhere() {
    let mark = Some("'__OPENCLAW_REDACTED__'");
    let theirs = rewritten(
        BASE,
        &[
            ("gateway.auth.token", mark),
            ("channels.telegram.botToken", mark),
            ("channels.discord.token", mark),
            ("channels.discord.maxTokens", mark),
            ("gateway.port", Some("18790")),
        ],
    );
    Write::of(BASE, &theirs).check_dressed(
        &[
            "reverted gateway.auth.token by auth-token-dropped",
            "reverted channels.telegram.botToken by placeholder-value",
            "reverted channels.discord.token by placeholder-value",
            "reverted channels.discord.maxTokens by placeholder-value",
        ],
        &BASE.replace("18789", "18790"),
    );
}

/// openclaw PR#75796: the fallback of the app writes the mark itself, here as keys too.
#[test]
fn se_11_a_mark_that_took_the_place_of_a_key() {
    let theirs = BASE.replace("discord: {", "__OPENCLAW_REDACTED__: {");
    Write::of(BASE, &theirs).check(
        &[
            "restored channels.discord by placeholder-value",
            "removed channels.__OPENCLAW_REDACTED__ by placeholder-value",
        ],
        BASE,
    );
    // Where nothing is gone, nobody knows what it was.
    let added = BASE.replace("    discord: {", "    __OPENCLAW_REDACTED__: 1,\n    discord: {");
    let healing = Write::of(BASE, &added).heal();
    assert_eq!((healing.put_back.len(), healing.uncured.len()), (0, 1));
    assert_eq!(text(&healing), added);
}

/// openclaw#134169: the disk is right and the process is not; there is nothing to heal.
#[test]
fn se_12_a_file_that_is_right_is_left_alone() {
    Write::of(BASE, BASE).check(&[], BASE);
}

/// A mark at a place that the base did not have: nothing can be put back.
#[test]
fn se_11_a_mark_in_a_new_place_stays_uncured() {
    let theirs =
        BASE.replace("logging: {", "hooks: { token: '__OPENCLAW_REDACTED__' }, logging: {");
    let healing = Write::of(BASE, &theirs).heal();
    assert_eq!(healing.put_back, []);
    assert_eq!(healing.uncured.len(), 1);
    assert_eq!(text(&healing), theirs);
}

/// openclaw#91148: 7,330 bytes become 43.
#[test]
fn wp_02_reset_to_the_bare_minimum() {
    let healing = Write::of(BASE, "{\"gateway\":{\"mode\":\"local\"}}\n").heal();
    assert_eq!(healing.uncured, []);
    let root = &healing.configuration.root().document;
    // What was in `gateway` beside the block and is protected by no rule is the author's to remove,
    // until the file as a whole has shrunk too far.
    let base = Document::parse(BASE, Format::Json5).unwrap();
    match redress(&base, root) {
        Redress::Dressed { document, .. } => assert_eq!(
            document.source(),
            BASE.replace("    bind: 'lan', // the tablets\n    port: 18789,\n", "")
        ),
        other => panic!("{other:?}"),
    }
}

/// openclaw#84692: running `onboard` again loses agents and bindings.
#[test]
fn wp_04_onboarding_again_loses_agents_and_bindings() {
    let theirs = rewritten(
        BASE,
        &[("agents.list", None), ("bindings", None), ("wizard", Some("{ lastRunAt: 'today' }"))],
    );
    Write::of(BASE, &theirs).check_dressed(
        &["restored bindings by keys-lost", "restored agents.list by keys-lost"],
        &BASE.replace(
            "  logging: { level: 'info' },\n",
            "  logging: { level: 'info' },\n  wizard: { lastRunAt: 'today' },\n",
        ),
    );
}

/// openclaw#65105: an update leaves `update.channel` and nothing else.
#[test]
fn wp_05_root_reduced_to_the_update_channel() {
    Write::of(BASE, "{ \"update\": { \"channel\": \"stable\" } }").check_dressed(
        &[
            "restored gateway.auth.token by auth-token-dropped",
            "restored gateway.auth by auth-block-lost",
            "restored gateway.mode by auth-block-lost",
            "restored gateway by keys-lost",
            "restored agents by keys-lost",
            "restored channels by keys-lost",
            "restored bindings by keys-lost",
            "restored secrets by keys-lost",
            "restored mcp by keys-lost",
            "restored logging by keys-lost",
        ],
        &BASE.replace(
            "  logging: { level: 'info' },\n",
            "  logging: { level: 'info' },\n  update: { channel: 'stable' },\n",
        ),
    );
}

/// openclaw#78493: a doctor that could not read the file writes 330 bytes of its own.
#[test]
fn wp_06_a_doctor_overwrites_what_it_could_not_read() {
    let theirs = "{\n  \"gateway\": {\n    \"mode\": \"local\",\n    \"auth\": {\n      \"mode\": \"token\",\n      \"token\": \"c09e55a1f3\"\n    }\n  },\n  \"meta\": {\n    \"lastTouchedVersion\": \"2026.5.5\"\n  }\n}\n";
    let healing = Write::of(BASE, theirs).heal();
    assert_eq!(healing.uncured, []);
    let value = healing.configuration.effective();
    assert_eq!(
        value.at(&"gateway.auth.token".parse().unwrap()).and_then(|v| v.as_str()),
        Some("4f1c9ab27d")
    );
    assert!(value.get("agents").is_some() && value.get("meta").is_some());
}

/// openclaw PR#114054: a stale copy loses one agent.
#[test]
fn wp_08_a_stale_copy_loses_an_agent() {
    Write::of(BASE, &rewritten(BASE, &[("agents.list[id=main]", None)]))
        .check_dressed(&["restored agents.list[id=main] by keys-lost"], BASE);
    let line = "      // The night shift.\n      { id: 'ops', workspace: '~/ops' }, // until six\n";
    Write::of(BASE, &BASE.replace(line, ""))
        .check(&["restored agents.list[id=ops] by keys-lost"], BASE);
    let both = "      { id: 'main', workspace: '~/main' },\n";
    Write::of(BASE, &BASE.replace(both, "      { id: 'new' },\n").replace(line, "")).check(
        &[
            "restored agents.list[id=main] by keys-lost",
            "restored agents.list[id=ops] by keys-lost",
        ],
        &BASE.replace(line, &format!("{line}      {{ id: 'new' }},\n")).replace(
            &format!("{both}{line}      {{ id: 'new' }},\n"),
            &format!("      {{ id: 'new' }},\n{both}{line}"),
        ),
    );
}

/// NemoClaw#5202: a rebuild restores the oldest and smallest backup.
#[test]
fn wp_11_the_oldest_backup_comes_back() {
    let theirs = "{ gateway: { mode: 'local', bind: 'lan', port: 18789, auth: { mode: 'token', token: '4f1c9ab27d', allowTailscale: true } } }";
    let healing = Write::of(BASE, theirs).heal();
    assert_eq!(healing.uncured, []);
    let value = healing.configuration.effective();
    assert!(value.get("mcp").is_some() && value.get("channels").is_some());
    assert!(healing.put_back.iter().all(|put_back| put_back.kind == PutBackKind::Restored));
}

/// openclaw-railway-template#19: a redeploy drops `agents.list`.
#[test]
fn wp_12_a_redeploy_drops_the_list_of_agents() {
    Write::of(BASE, &rewritten(BASE, &[("agents.list", None), ("gateway.port", Some("8080"))]))
        .check_dressed(&["restored agents.list by keys-lost"], &BASE.replace("18789", "8080"));
}

/// gasclaw#330: the merge of an installer makes one default agent of five.
#[test]
fn wp_13_a_merge_leaves_one_default_agent() {
    let theirs = rewritten(BASE, &[("agents.list", Some("[{ id: 'default' }]"))]);
    let list = "    list: [\n      { id: 'main', workspace: '~/main' },\n      // The night shift.\n      { id: 'ops', workspace: '~/ops' }, // until six\n";
    Write::of(BASE, &theirs).check_dressed(
        &[
            "restored agents.list[id=main] by keys-lost",
            "restored agents.list[id=ops] by keys-lost",
        ],
        &BASE.replace(list, &list.replace("list: [\n", "list: [\n      { id: 'default' },\n")),
    );
}

/// openclaw#71477: what a crash left over, closed by a repair.
#[test]
fn wp_14_a_file_that_a_crash_cut_off() {
    let theirs = "{\n  gateway: {\n    bind: 'lan', // the tablets\n    port: 18789,\n  },\n}\n";
    let healing = Write::of(BASE, theirs).heal();
    assert_eq!(healing.uncured, []);
    for section in ["agents", "channels", "bindings", "secrets", "mcp", "logging"] {
        assert!(healing.configuration.effective().get(section).is_some(), "{section}");
    }
    // Their text has comments, so it stays theirs: what came back brought its own.
    assert!(text(&healing).contains("      // Rotated on Mondays.\n      token: '4f1c9ab27d',\n"));
    assert!(text(&healing).contains("  // Who answers.\n  agents: {\n"));
}

/// openclaw#155579: an app regenerates the file and drops settings that no rule names.
#[test]
fn cc_05_settings_without_a_rule_are_the_author_s() {
    let base = BASE.replace(
        "  logging:",
        "  memory: { search: { sources: ['notes'] }, limit: 5 },\n  logging:",
    );
    let theirs = rewritten(&base, &[("memory.search", None), ("logging.level", Some("'debug'"))]);
    Write::of(&base, &theirs).check(&[], &theirs);
    let whole = rewritten(&base, &[("memory", None)]);
    Write::of(&base, &whole).check_dressed(&["restored memory by keys-lost"], &base);
}

/// openclaw#105683: `config set` strips the comments.
#[test]
fn fm_01_comments_come_back_with_the_new_value() {
    Write::of(BASE, &rewritten(BASE, &[("gateway.port", Some("18790"))]))
        .check_dressed(&[], &BASE.replace("18789", "18790"));
}

/// openclaw#134730: retired keys are migrated, and the migration stays.
#[test]
fn mg_01_a_migration_is_not_undone() {
    let base = BASE.replace(
        "  logging:",
        "  // The index.\n  memorySearch: { provider: 'local', sources: ['notes'] },\n  logging:",
    );
    let theirs = rewritten(
        &base,
        &[
            ("memorySearch", None),
            ("agents.defaults.memorySearch", Some("{ provider: 'local', sources: ['notes'] }")),
        ],
    );
    let healing = Write::of(&base, &theirs).check(&[], &theirs);
    let document = &healing.configuration.root().document;
    let Redress::Dressed { document, lost } =
        redress(&Document::parse(base.as_str(), Format::Json5).unwrap(), document)
    else {
        panic!("it should be dressed")
    };
    assert_eq!(lost, []);
    assert!(document.source().contains("// The index."));
    assert!(!document.source().contains("\n  memorySearch"));
}

/// openclaw#133997: a doctor puts an old snapshot over a file it does not like.
#[test]
fn mg_02_an_old_snapshot_over_a_newer_file() {
    let old =
        BASE.replace("  mcp: { servers: { files: { command: 'files' } } }, // local only\n", "");
    let base = BASE.replace("18789", "18795");
    Write::of(&base, &old).check(&["restored mcp by keys-lost"], &base.replace("18795", "18789"));
}

/// openclaw#78858: the doctor deletes what it does not know.
#[test]
fn mg_03_a_doctor_deletes_sections_it_does_not_know() {
    let base = BASE.replace("  logging:", "  defaultModel: 'vendor/a',\n  logging:");
    let theirs =
        rewritten(&base, &[("mcp", None), ("defaultModel", None), ("meta", Some("{ v: 1 }"))]);
    Write::of(&base, &theirs).check_dressed(
        &["restored mcp by keys-lost", "restored defaultModel by keys-lost"],
        &base.replace(
            "  logging: { level: 'info' },\n",
            "  logging: { level: 'info' },\n  meta: { v: 1 },\n",
        ),
    );
}

/// openclaw#69631: a custom object is pruned.
#[test]
fn mg_04_a_custom_object_is_pruned() {
    let base = BASE
        .replace("  logging:", "  myCustomIntegration: { url: 'http://x' }, // ours\n  logging:");
    Write::of(&base, &rewritten(&base, &[("myCustomIntegration", None)]))
        .check_dressed(&["restored myCustomIntegration by keys-lost"], &base);
}

/// openclaw#33623: `secrets` is emptied.
#[test]
fn mg_05_a_section_is_emptied() {
    Write::of(BASE, &rewritten(BASE, &[("secrets", Some("{}"))]))
        .check_dressed(&["reverted secrets by keys-lost"], BASE);
}

/// openclaw#35864: a nested setting is removed. No rule protects it; its comment is handed over.
#[test]
fn mg_07_a_nested_setting_is_removed() {
    let base = BASE.replace(" pdfModel: 'vendor/pdf' },", " /* slow */ pdfModel: 'vendor/pdf' },");
    let theirs = rewritten(&base, &[("agents.defaults.pdfModel", None)]);
    let healing = Write::of(&base, &theirs).check(&[], &theirs);
    let parsed = Document::parse(base.as_str(), Format::Json5).unwrap();
    let Redress::Dressed { document, lost } =
        redress(&parsed, &healing.configuration.root().document)
    else {
        panic!("it should be dressed")
    };
    assert_eq!(document.source(), base.replace(", /* slow */ pdfModel: 'vendor/pdf' },", " },"));
    assert_eq!(lost[0].path.to_string(), "agents.defaults.pdfModel");
    assert_eq!(lost[0].text, "/* slow */");
}

/// LobsterAI#2719: a narrow prune of keys that a new version rejects is the author's.
#[test]
fn mg_09_a_narrow_prune_stays() {
    let theirs = BASE.replace(", enabled: true }", " }");
    Write::of(BASE, &theirs).check(&[], &theirs);
}

/// openclaw#90551: an update restores an old copy because of one deprecated key elsewhere.
#[test]
fn rb_01_an_old_copy_loses_an_agent_and_keeps_old_values() {
    let base = BASE.replace("vendor/a", "vendor/new");
    let theirs = rewritten(BASE, &[("agents.list[id=ops]", None)]);
    // The old model is a value like any other: only its author knows whether it is meant.
    Write::of(&base, &theirs).check_dressed(&["restored agents.list[id=ops] by keys-lost"], BASE);
}

#[test]
fn a_cut_off_block_comes_back_where_it_was_with_its_comments() {
    let start = BASE.find("  // Who answers.").unwrap();
    let end = BASE.find("  channels:").unwrap();
    let theirs = format!("{}{}", &BASE[..start], &BASE[end..]);
    Write::of(BASE, &theirs).check(&["restored agents by keys-lost"], BASE);
}

#[test]
fn what_had_no_place_at_first_is_tried_again() {
    let base = "{\n  hooks: [{ id: 'main', a: 1 }],\n}\n";
    let theirs = "{ hooks: [[{ id: 'ops', a: '__OPENCLAW_REDACTED__' }]] }";
    let healing = Write::of(base, theirs).heal();
    assert_eq!(healing.uncured, []);
    assert_eq!(text(&healing), "{ hooks: [{ id: 'main', a: 1 }] }");
}

#[test]
fn types_and_references_are_reverted() {
    let theirs = BASE
        .replace("maxTokens: 16384", "maxTokens: '16384'")
        .replace("'${TELEGRAM_BOT_TOKEN}'", "'7d1f90c2aa'");
    Write::of(BASE, &theirs).check(
        &[
            "reverted channels.telegram.botToken by secret-expanded",
            "reverted channels.discord.maxTokens by type-changed",
        ],
        BASE,
    );
}

#[test]
fn an_incoherent_mode_takes_the_smallest_step_back() {
    let theirs = BASE.replace("mode: 'token'", "mode: 'none'");
    Write::of(BASE, &theirs).check(&["reverted gateway.auth.mode by auth-mode-incoherent"], BASE);
    let base = BASE.replace("mode: 'token',\n", "\n");
    let theirs = base.replace("allowTailscale", "password: 'horse',\n      allowTailscale");
    Write::of(&base, &theirs)
        .check(&["removed gateway.auth.password by auth-mode-incoherent"], &base);
    let base =
        BASE.replace("bind: 'lan'", "bind: 'loopback'").replace("mode: 'token'", "mode: 'none'");
    let theirs = base.replace("bind: 'loopback'", "bind: 'lan'").replace("18789", "18790");
    Write::of(&base, &theirs)
        .check(&["reverted gateway.bind by auth-mode-incoherent"], &base.replace("18789", "18790"));
}

#[test]
fn dead_duplicates_go() {
    let theirs = BASE.replace("    port: 18789,\n", "    port: 1, // first\n    port: 18790,\n");
    Write::of(BASE, &theirs)
        .check(&["removed gateway.port by duplicate-key"], &BASE.replace("18789", "18790"));
}

#[test]
fn a_file_that_only_lost_its_comments_did_not_shrink() {
    let comments = "  // A long explanation of what follows, line by line.\n".repeat(12);
    let base = format!("{{\n{comments}  a: 1,\n  b: {{ c: 2, d: 3 }},\n}}\n");
    let theirs = "{\"a\":1,\"b\":{\"c\":5}}";
    let expected = base.replace("c: 2, d: 3", "c: 5");
    Write::of(&base, theirs).check(&["dressed . by file-shrunk"], &expected);
}

#[test]
fn a_file_that_shrank_gets_back_what_is_gone() {
    let members: Vec<String> =
        (0..40).map(|n| format!("    key{n}: 'value number {n}',\n")).collect();
    let members = members.concat();
    let base = format!("{{\n  a: {{\n{members}  }},\n  b: 1,\n}}\n");
    let healing =
        Write::of(&base, "{\n  a: {\n    key3: 'mine',\n  },\n  b: 1,\n  c: 2,\n}\n").heal();
    assert_eq!(healing.uncured, []);
    assert_eq!(healing.put_back.len(), 39);
    let expected =
        base.replace("'value number 3'", "'mine'").replace("  b: 1,\n", "  b: 1,\n  c: 2,\n");
    assert_eq!(text(&healing), expected);
}

#[test]
fn a_flattened_include_is_one_again_and_changes_go_where_they_belong() {
    let root = "{\n  // apart\n  channels: { $include: './channels.json5' },\n  a: 1,\n}\n";
    let channels = "{\n  // the bot\n  telegram: { enabled: true },\n}\n";
    let theirs = "{ channels: { telegram: { enabled: false }, discord: {} }, a: 2 }";
    let mut write = Write::of(root, theirs);
    write.base.push(("channels.json5", channels));
    write.theirs.push(("channels.json5", channels));
    let healing = write.check(
        &["restored channels.$include by include-flattened"],
        "{ channels: { $include: './channels.json5' }, a: 2 }",
    );
    let part = &healing.configuration.parts()[1];
    assert_eq!(
        part.document.source(),
        "{\n  // the bot\n  telegram: { enabled: false },\n  discord: {},\n}\n"
    );
}

#[test]
fn secrets_of_a_flattened_include_do_not_stay_expanded() {
    let root = "{\n  channels: { $include: './channels.json5' },\n}\n";
    let channels = "{\n  telegram: { botToken: '${BOT}' }, // the bot\n}\n";
    let mut write =
        Write::of(root, "{\n  channels: { telegram: { botToken: 's3cr3t', x: 1 } },\n}\n");
    write.base.push(("channels.json5", channels));
    write.theirs.push(("channels.json5", channels));
    let healing = write.heal();
    assert_eq!(healing.uncured, []);
    assert_eq!(text(&healing), root);
    assert_eq!(
        healing.configuration.parts()[1].document.source(),
        "{\n  telegram: { botToken: '${BOT}', x: 1 }, // the bot\n}\n"
    );
}

#[test]
fn a_broken_include_names_its_file_again() {
    let root = "{\n  channels: { $include: './channels.json5' }, // apart\n}\n";
    let theirs = root.replace("channels.json5", "nowhere.json5");
    let mut write = Write::of(root, &theirs);
    write.base.push(("channels.json5", "{}"));
    write.theirs.push(("channels.json5", "{}"));
    write.check(&["reverted channels.$include by include-unresolved"], root);
}

#[test]
fn what_is_allowed_stays() {
    let theirs = rewritten(BASE, &[("mcp", None), ("secrets", Some("{}"))]);
    let mut write = Write::of(BASE, &theirs);
    write.allow = vec!["keys-lost".to_owned(), "no-such-rule".to_owned()];
    let healing = write.check(&[], &theirs);
    assert!(healing.findings.iter().any(|finding| finding.rule == "keys-lost"));
}

#[test]
fn a_block_that_became_a_value_is_one_again() {
    let theirs = rewritten(BASE, &[("gateway", Some("'local'"))]);
    let healing = Write::of(BASE, &theirs).heal();
    assert_eq!(healing.uncured, []);
    let base = Document::parse(BASE, Format::Json5).unwrap();
    assert!(base.root().means(healing.configuration.effective()));
    assert_eq!(stringify(healing.configuration.effective()), stringify(&base.root().to_value()));
}

#[test]
fn toml_is_healed_in_place_too() {
    let acme = include_str!("../../examples/profiles/acme-gateway.toml");
    let mut profile = Profile::parse(acme).expect("it is an example");
    profile.actions.clear();
    let base = "# The gateway.\n[auth]\nmode = \"token\"\n# Rotated on Mondays.\ntoken = \"4f1c9ab27d\" # of all clients\nrate = 5\n\n\
                # Who answers.\n[[agents]]\nid = \"main\" # me\nkey = \"${KEY}\"\n\n[[agents]]\nid = \"ops\"\n\n\
                # How loud.\n[logging]\nlevel = \"info\"\n\n[server]\nport = 8080 # not 80\n";
    let heal_toml = |theirs: &str| {
        let single = |text: &str| {
            let document = Document::parse(text, Format::Toml).expect("it parses");
            let file = "/etc/gw/gateway.toml".into();
            Configuration::single(Part { file, document, mode: None, directory_mode: None })
        };
        let rules = Rules { key: None, depth: 0, roots: Vec::new() };
        let context = Context { profile: &profile, allow: &[], rules: &rules };
        let (base, theirs) = (single(base), single(theirs));
        let mut load = |file: &Path| Err(IncludeFaultKind::Missing(file.to_owned()));
        let healing = heal(&base, &theirs, &context, &mut load);
        assert_eq!(healing.uncured, []);
        let dressed = match redress_root(&base, &theirs, &healing.configuration) {
            Redress::Dressed { document, .. } => Some(document.source().to_owned()),
            _ => None,
        };
        (text(&healing).to_owned(), dressed)
    };
    let token = "# Rotated on Mondays.\ntoken = \"4f1c9ab27d\" # of all clients\n";
    let logging = "# How loud.\n[logging]\nlevel = \"info\"\n\n";
    let cut = base.replace(token, "").replace(logging, "").replace("8080", "8081");
    assert_eq!(heal_toml(&cut), (base.replace("8080", "8081"), None));
    // By a program that knows no comments: `[[agents]]` of one line, and the token is gone.
    let plain = "agents = [{ id = \"main\", key = \"s3cr3t\" }, { id = \"ops\" }]\n[auth]\nmode = \"token\"\nrate = 5\n\
                 [logging]\nlevel = \"debug\"\n[server]\nport = 8080\n";
    let (_, dressed) = heal_toml(plain);
    assert_eq!(dressed.as_deref(), Some(base.replace("info", "debug").as_str()));
}

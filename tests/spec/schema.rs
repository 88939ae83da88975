//! The JSON Schemas that editors get.

use twinshot::{config::config_schema, spec::spec_schema};

#[test]
fn every_action_is_described() {
    let schema = spec_schema();
    let step = &schema["$defs"]["Step"];
    assert_eq!(step["additionalProperties"], false);
    let actions = "goto back forward refresh click double_click hover mouse_down mouse_up type insert clear \
        press check uncheck select upload drag scroll viewport wait evaluate inject cookies frame window \
        dialog expect use shot mask threshold max_mismatch at_least timeout with";
    for action in actions.split_whitespace() {
        let text = step["properties"][action]["description"].as_str();
        assert!(
            text.is_some_and(|text| text.len() > 10),
            "{action}: {text:?}"
        );
    }
}

#[test]
fn flows_and_fragments_are_closed() {
    let schema = spec_schema();
    for name in [
        "Flow",
        "Fragment",
        "Shot",
        "Goto",
        "Wait",
        "Expect",
        "MaxMismatch",
        "AtLeast",
    ] {
        assert_eq!(
            schema["$defs"][name]["additionalProperties"], false,
            "{name}"
        );
    }
    assert_eq!(
        schema["$defs"]["Flow"]["required"],
        serde_json::json!(["flow", "steps"])
    );
}

#[test]
fn the_configuration_is_described() {
    let schema = config_schema();
    assert_eq!(schema["additionalProperties"], false);
    for key in [
        "environments",
        "baseline",
        "viewports",
        "metric",
        "secrets",
        "webdriver",
        "browsers",
        "isolation",
    ] {
        assert!(
            schema["properties"][key]["description"].is_string(),
            "{key}: {schema:#}"
        );
    }
    for name in ["Environment", "Ready", "ReadyHeader"] {
        let part = &schema["$defs"][name];
        assert_eq!(part["additionalProperties"], false, "{name}: {schema:#}");
        let keys = part["properties"].as_object().expect("it has keys");
        let is_described = |key: &serde_json::Value| key["description"].is_string();
        assert!(keys.values().all(is_described), "{name}: {part:#}");
    }
}

#[test]
fn schemas_allow_what_the_reader_allows() {
    let schema = spec_schema();
    let step = &schema["$defs"]["Step"]["properties"];
    let scalars = serde_json::json!(["string", "number", "boolean"]);
    assert_eq!(step["timeout"]["type"], scalars);
    assert_eq!(step["shot"]["anyOf"][0]["anyOf"][0]["type"], scalars);
    assert_eq!(step["back"]["type"], "null");
    assert!(step["mouse_up"]["type"].to_string().contains("null"));
    assert!(!step["click"]["type"].to_string().contains("null"));
}

"""Who may call the app: what the manifest exports, to whom, and which permissions it asks for."""

from xml.etree import ElementTree

from load_tool import ROOT

ANDROID = "{http://schemas.android.com/apk/res/android}"
MANIFEST = ElementTree.parse(ROOT / "android_demo/app/src/main/AndroidManifest.xml").getroot()
# Part to the permission that a caller needs; of the two windows, the launcher and the settings of
# keyboards start them, which have none.
EXPORTED = {
    "org.lrkeras.demo.MainActivity": None,
    "org.lrkeras.demo.keyboard.KeyboardSettingsActivity": None,
    "org.lrkeras.demo.keyboard.WordKeyboard": "android.permission.BIND_INPUT_METHOD",
}


def parts():
    kinds = ("activity", "activity-alias", "service", "receiver", "provider")
    return [part for part in MANIFEST.iter() if part.tag in kinds]


def test_nothing_else_is_exported():
    # Every part says it: left out, an intent filter would export it.
    assert {part.get(f"{ANDROID}exported") for part in parts()} == {"true", "false"}
    exported = [part for part in parts() if part.get(f"{ANDROID}exported") == "true"]
    found = {part.get(f"{ANDROID}name"): part.get(f"{ANDROID}permission") for part in exported}
    assert found == EXPORTED


def test_intents_start_the_app_and_bring_nothing():
    actions = {action.get(f"{ANDROID}name") for action in MANIFEST.iter("action")}
    assert actions == {"android.intent.action.MAIN", "android.view.InputMethod"}
    assert not list(MANIFEST.iter("data"))


def test_permissions_and_backups():
    asked = [part for part in MANIFEST.iter() if part.tag.startswith("uses-permission")]
    assert [part.get(f"{ANDROID}name") for part in asked] == ["android.permission.RECORD_AUDIO"]
    assert MANIFEST.find("application").get(f"{ANDROID}allowBackup") == "false"
    assert MANIFEST.find("application").get(f"{ANDROID}debuggable") is None

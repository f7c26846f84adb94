"""The Gradle build, for Android Studio, and the Maven build are of the same things."""

import pathlib
import re
from xml.etree import ElementTree

DEMO = pathlib.Path(__file__).parents[2] / "android_demo"
MAVEN = {"m": "http://maven.apache.org/POM/4.0.0"}


def properties():
    root = ElementTree.parse(DEMO / "pom.xml").getroot()
    found = {one.tag.split("}")[1]: one.text for one in root.find("m:properties", MAVEN)}
    return {**found, "version": root.find("m:version", MAVEN).text}


def test_versions_and_sdk_numbers_agree():
    maven = properties()
    catalog = (DEMO / "gradle" / "libs.versions.toml").read_text()
    versions = catalog.split("[versions]")[1].split("[libraries]")[0]
    gradle = dict(re.findall(r'^(\w+) = "(.+)"$', versions, re.M))
    pairs = {
        "kotlin": "kotlin.version",
        "tensorflowLite": "tensorflowLite.version",
        "junit": "junit.version",
        "minSdk": "app.minSdk",
        "targetSdk": "app.targetSdk",
        "versionCode": "app.versionCode",
        "versionName": "version",
    }
    assert {name: gradle[name] for name in pairs} == {
        name: maven[other] for name, other in pairs.items()
    }
    # Everything that Gradle has a version of is compared, but for its own plugin.
    assert set(gradle) == {*pairs, "agp"}


def test_both_name_the_same_application():
    script = (DEMO / "app" / "build.gradle.kts").read_text()
    names = dict(re.findall(r"(namespace|applicationId) = \"(.+)\"", script))
    assert set(names.values()) == {properties()["app.id"]}
    assert 'signingConfigs.getByName("debug")' in script
    abis = re.search(r"abiFilters \+= listOf\((.+)\)", script).group(1)
    assembled = re.search(r"ABIS = \((.+)\)", (DEMO / "tools" / "assemble.py").read_text()).group(1)
    assert abis == assembled


def test_both_build_the_same_modules():
    root = ElementTree.parse(DEMO / "pom.xml").getroot()
    modules = [one.text for one in root.find("m:modules", MAVEN)]
    included = re.search(r"include\((.+)\)", (DEMO / "settings.gradle.kts").read_text()).group(1)
    assert sorted(modules) == sorted(re.findall(r'":(\w+)"', included))


def test_both_take_the_shipped_models_by_one_list():
    gradle = (DEMO / "app" / "build.gradle.kts").read_text()
    assert (
        'from(rootDir.resolve("../lrkeras/models"), rootDir.resolve("../tools/release/models"))'
        in gradle
    )
    assert 'include(rootDir.resolve("models.txt").readLines())' in gradle
    maven = (DEMO / "tools" / "resources.sh").read_text()
    assert "for folder in ../lrkeras/models ../tools/release/models" in maven
    assert "done <models.txt" in maven
    # The app shows models in the order of the list, which goes with them.
    assert 'from(rootDir.resolve("models.txt"))' in gradle
    assert 'cp models.txt "$gen/assets/models"' in maven
    listed = (DEMO / "models.txt").read_text().split()
    assert len(listed) > 3
    for name in listed:
        folders = ("lrkeras/models", "tools/release/models")
        assert [(DEMO.parent / folder / name).is_file() for folder in folders].count(True) == 1
    # No second copy of a model lies in the repository.
    assert not list((DEMO / "app" / "src" / "main").rglob("*.tflite"))


def test_the_core_knows_no_android():
    sources = list((DEMO / "core" / "src" / "main").rglob("*.kt"))
    assert len(sources) > 30
    for source in sources:
        imports = re.findall(r"^import (.+)$", source.read_text(), re.M)
        assert not [
            one for one in imports if not one.startswith(("java.", "kotlin.", "org.lrkeras.core."))
        ]


def test_what_the_library_shows_is_documented():
    public = re.compile(
        r"^(    )?(?! |.*\b(private|internal|override|companion)\b)[a-z ]*\b"
        r"(class|object|interface|fun|val|var) .*[^,]$"
    )
    sources = [*(DEMO / "core/src/main").rglob("*.kt"), *(DEMO / "runtime/src").rglob("*.kt")]
    seen = 0
    for source in sources:
        lines = source.read_text().split("\n")
        hidden = r"^(private|internal) [a-z ]*(class|object|interface|fun) "
        if any(re.match(hidden, line) for line in lines):
            continue
        for place, line in enumerate(lines):
            if public.match(line):
                seen += 1
                before = [one for one in lines[:place] if not one.strip().startswith("@")]
                assert before[-1].endswith("*/"), f"{source.name}: {line.strip()}"
    assert seen > 150


def test_a_consumer_takes_the_version_that_is_published():
    consumer = ElementTree.parse(DEMO / "consumer" / "pom.xml").getroot()
    (found,) = consumer.findall(".//m:dependencies/m:dependency/m:version", MAVEN)
    assert found.text == properties()["version"]
    assert "lrkeras/demo" not in (DEMO / "consumer" / "pom.xml").read_text()
    for source in (DEMO / "consumer").rglob("*.java"):
        imports = re.findall(r"^import (org\.lrkeras\..+);$", source.read_text(), re.M)
        assert not [one for one in imports if one.startswith("org.lrkeras.demo")]


def test_every_text_on_the_screen_is_a_resource():
    for layout in (DEMO / "app" / "src" / "main" / "res").rglob("layout*/*.xml"):
        for attribute in re.findall(
            r'android:(?:text|hint|contentDescription)="(.+)"', layout.read_text()
        ):
            assert attribute.startswith("@string/"), (layout.name, attribute)
    for source in (DEMO / "app" / "src" / "main").rglob("*View.kt"):
        assert not re.findall(r'\.text = "', source.read_text()), source.name

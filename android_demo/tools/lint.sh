#!/usr/bin/env bash
# Android's lint over the app: errors end it, warnings are listed in target/lint.txt. After `mvn package`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/flavour.sh
[ -s target/checkers/lint.path ] || mvn -q -B -f tools/checkers.xml -P lint process-resources
work=$PWD/$target/lint
rm -rf "$work"
mkdir -p "$work"
# The manifest with the package and the SDK numbers that the build adds.
min_sdk=$(property app.minSdk)
target_sdk=$(property app.targetSdk)
sed "s|<uses-permission|<uses-sdk android:minSdkVersion=\"$min_sdk\" android:targetSdkVersion=\"$target_sdk\" />\n    <uses-permission|" \
    $target/gen/AndroidManifest.xml >"$work/AndroidManifest.xml"
sources=$(find app/src/main/kotlin runtime/src/main/kotlin "runtime/src/runtime-$runtime/kotlin" core/src/main/kotlin -name '*.kt' -printf "    <src file=\"$PWD/%p\" />\n")
libraries=$(find $target/runtime -maxdepth 1 -name '*.jar' -printf "    <classpath jar=\"$PWD/%p\" />\n")
resources=$(find app/src/main/res -name '*.xml' -printf "    <resource file=\"$PWD/%p\" />\n")
cat >"$work/project.xml" <<END
<project incomplete="false">
  <root dir="$PWD" />
  <classpath jar="$(cat $target/android-jar.path)" />
  <module name="app" android="true" library="false" desugar="full">
    <manifest file="$work/AndroidManifest.xml" />
$sources
$resources
    <classpath jar="$PWD/$target/tools/kotlin-stdlib.jar" />
$libraries
    <classpath jar="$(cat $target/android-jar.path)" />
  </module>
</project>
END
java ${LRKERAS_JAVA_OPTIONS:-} -Xmx2g -cp "$(cat target/checkers/lint.path)" com.android.tools.lint.Main --project "$work/project.xml" \
    --offline --config app/lint.xml --text $target/lint.txt --exitcode --nolines
tail -1 $target/lint.txt

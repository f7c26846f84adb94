# Sourced by the scripts here, in android_demo: the runtime that is built, LRKERAS_RUNTIME (2.16 unless said otherwise), the folder of
# its build, and what the builds are told by: a property of pom.xml, the home of Java.
runtime=${LRKERAS_RUNTIME:-2.16}
case $runtime in
    2.16) target=target ;;
    2.20) target=target-2.20 ;;
    *)
        echo "error: expected the runtime 2.16 or 2.20, received $runtime." >&2
        exit 1
        ;;
esac
export LRKERAS_RUNTIME=$runtime
property() { sed -n "/<$1>/{s|.*<$1>\(.*\)</$1>.*|\1|p;q}" pom.xml; }
java_home() { java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.home = //p'; }

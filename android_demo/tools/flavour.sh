# Sourced by the scripts here: the runtime that is built, LRKERAS_RUNTIME (2.16 unless said otherwise), and the folder of its build.
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

#!/usr/bin/env bash
# The keyboard's rival without a network: an interpolated Kneser-Ney 5-gram of IRSTLM, pruned.
#     tools/release/train_ngram.sh DATA OUT [THRESHOLD]
# DATA holds the corpora of lrkeras.datasets.keyboard_text. Leaves OUT/kneser_ney_5gram.lm (ARPA) and OUT/kneser_ney_5gram.blm, the same quantised
# to 8 bits and compiled, whose size counts. THRESHOLD is that of `prune-lm`; 3.5e-6, which is used unless another is given,
# made the model whose figures are in the results, byte for byte: 141,080 n-grams, 1.24 MB, as small as the compressed models. Needs the Debian package irstlm. "kneser-ney" is called "improved-shift-beta" there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ $# -ge 2 ] || { echo "usage: tools/release/train_ngram.sh DATA OUT [THRESHOLD]" >&2; exit 2; }
data=$1 out=$2 threshold=${3:-3.5e-6}
for file in sgd-text/train.tsv sgd-text/dev.tsv fra-eng/train.tsv fra-eng/valid.tsv wikitext-2/train.txt wikitext-2/valid.txt; do
  [ -f "$data/$file" ] || { echo "error: no file $data/$file; DATA must hold sgd-text/, fra-eng/ and wikitext-2/." >&2; exit 1; }
done
export IRSTLM=/usr/lib/irstlm PATH="$PATH:/usr/lib/irstlm/bin"
command -v build-lm.sh >/dev/null || { echo "Expected IRSTLM: apt-get install irstlm" >&2; exit 1; }
mkdir -p "$out"
if [ ! -f "$out/lm.gz" ]; then
  KERAS_BACKEND=tensorflow .venv/bin/python - "$data" "$out/train.txt" <<'PY'
import sys

from lrkeras.datasets import keyboard_text

text = keyboard_text.load_data(sys.argv[1])
words = " ".join(text.vocabulary.decode(text.train))
with open(sys.argv[2], "w", encoding="utf-8") as file:
    file.write(words.replace(" <eos> ", "\n").replace(" <eos>", "\n"))
PY
  add-start-end.sh <"$out/train.txt" >"$out/train.se"
  build-lm.sh -i "cat $out/train.se" -n 5 -o "$out/lm.gz" -k 3 -s improved-kneser-ney -t "$out/stat"
fi
prune-lm "$out/lm.gz" "$out/kneser_ney_5gram.lm" --threshold="$threshold" --abs=1
quantize-lm "$out/kneser_ney_5gram.lm" "$out/kneser_ney_5gram.qlm"
compile-lm "$out/kneser_ney_5gram.qlm" "$out/kneser_ney_5gram.blm"
ls -l "$out/kneser_ney_5gram.lm" "$out/kneser_ney_5gram.blm"

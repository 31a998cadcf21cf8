#!/bin/sh
# The Makefile's studies: a point that this machine cannot do ends none of them, a run that failed does.
. t/lib.sh
mkdir "$work/build"
cat >"$work/build/migmeter" <<'END'
#!/bin/sh
echo "$*" >>"${0%/*}/said"
[ "$4" = results/lacks ] && exit 3
[ "$4" != results/fails ]
END
chmod +x "$work/build/migmeter"
study() { # FOLDER: its exit status, and whether what follows a study is done
	make -s B="$work/build" --eval "try: ; @\$(STUDY) a.conf -o results/$1; echo went on" try 2>/dev/null
	echo "status $?"
}
wide_area() {
	make -s B="$work/build" --eval 'try: ; @$(WIDE_AREA); run cached --only x=1; echo went on' try
}
is 'a study' "$(study whole | tr '\n' ' ')" 'went on status 0 '
is 'a study of which points are skipped' "$(study lacks | tr '\n' ' ')" 'went on status 0 '
is 'a study of which a run fails' "$(study fails | tr '\n' ' ')" 'status 2 '
is 'parts of one' "$(wide_area)" 'went on'
is 'each goes on where it stopped' "$(grep -c -- ' --continue$' "$work/build/said")" 4
like 'a part has its config and folder' "$(tail -n 1 "$work/build/said")" \
	'^run configs/wide-area/cached.conf -o results/wide-area-cached --only x=1 --continue$'
for part in $(grep -L '^\[simulate\]' configs/wide-area/*.conf); do
	part=$(basename "$part" .conf)
	like "$part is a part of make wide-area, or of one beside it" "$(sed -n '/^wide-area/,/^$/p' Makefile)" "run $part([ ;]|\$)"
done
is 'no other way' "$(grep -v '^STUDY_RUN' Makefile | grep -c 'B)/migmeter run .*configs/')" 0
done_testing

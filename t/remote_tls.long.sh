#!/bin/sh
# Remote nodes whose libvirt is reached over TLS (qemu+tls), with an authority and certificates made for this: checked and
# measured as over ssh; without the head's certificate nothing is begun.
. t/lib.sh
. t/lib_remote.sh
command -v openssl >/dev/null || skip_all 'no openssl'

# certificate NAME SUBJECT-ALTERNATIVE-NAME: NAME-key.pem and NAME-cert.pem of the authority
certificate() {
	openssl req -quiet -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$pki/$1-key.pem" \
		-out "$pki/$1.request" 2>/dev/null ||
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$pki/$1-key.pem" \
			-out "$pki/$1.request" 2>/dev/null
	echo "subjectAltName=$2" >"$pki/$1.extensions"
	openssl x509 -req -in "$pki/$1.request" -CA "$pki/cacert.pem" -CAkey "$pki/cakey.pem" -CAcreateserial -days 2 \
		-extfile "$pki/$1.extensions" -out "$pki/$1-cert.pem" 2>/dev/null
}

pki=$keys/pki
mkdir "$pki"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=authority' -keyout "$pki/cakey.pem" \
	-out "$pki/cacert.pem" 2>/dev/null
certificate client DNS:head
# as libvirt looks for them where a URI has a pkipath
cp "$pki/client-cert.pem" "$pki/clientcert.pem"
cp "$pki/client-key.pem" "$pki/clientkey.pem"

# The nodes' libvirt begins anew, with TLS in TCP's place.
for node in src dst; do
	address=10.77.1.$([ $node = src ] && echo 2 || echo 3)
	certificate $node "IP:$address"
	kill "$(daemon $node)"
	here $node sh -c "sed -i -e '/^listen_\|^auth_tcp/d' /etc/libvirt/libvirtd.conf
		cat >>/etc/libvirt/libvirtd.conf <<END
listen_tls = 1
listen_tcp = 0
listen_addr = \"$address\"
key_file = \"$pki/$node-key.pem\"
cert_file = \"$pki/$node-cert.pem\"
ca_file = \"$pki/cacert.pem\"
END
		for try in \$(seq 100); do
			libvirtd --daemon --listen && exit 0
			sleep 0.2
		done
		exit 1" >"$work/libvirtd-$node" 2>&1 || sed 's/^/# /' "$work/libvirtd-$node"
done
sed -e "s|^\(...\)_uri = qemu+ssh://root@\([0-9.]*\)/.*|\1_uri = qemu+tls://\2/system?pkipath=$pki|" "$config" >"$work/tls.conf"

said=$(on_head check "$work/tls.conf" 2>&1)
is 'check: exit status' "$?" 0
printf '%s\n' "$said" | sed 's/^/# /'
like 'check: libvirt answers over TLS' "$said" '^src libvirt +yes'
ok 'a run completes' on_head run "$work/tls.conf" --wait -q -o "$work/run"
like 'its nodes were reached so' "$(cat "$work"/run/manifest.json)" '"qemu\+tls:'
for estimator in stop_resume guest_clock network work reported; do
	like "downtime by $estimator is a number" \
		"$(awk -F, -v estimator=$estimator '$1 == "downtime" && $4 == estimator { print $5; exit }' "$work/run/metrics.csv")" \
		'^[0-9.e+-]+$'
done

# A head that the nodes do not know.
mkdir "$work/stranger"
cp "$pki/cacert.pem" "$work/stranger/"
said=$(on_head run "$work/tls.conf" --wait -q -o "$work/refused" -s "remote.src_uri=qemu+tls://10.77.1.2/system?pkipath=$work/stranger" 2>&1)
is 'without a certificate: exit status' "$?" 3
like 'and it says which node' "$said" "src"
printf '%s\n' "$said" | sed 's/^/# /'
for node in src dst; do
	is "nothing is left on $node" \
		"$(here $node sh -c 'ls -d /run/migmeter-lease /var/lib/libvirt/migmeter 2>/dev/null; virsh -q list --name')" ''
	kill "$(daemon $node)"
done
done_testing

#!/bin/sh
# The controller's learning switch without a network: what it tells a switch that only writes down what it is told.
. t/lib.sh
/usr/bin/python3 -c 'import os_ken' 2>/dev/null || skip_all 'needs os-ken'
MIGMETER_LEARNED=$work/learned /usr/bin/python3 -B - >"$work/said" 2>&1 <<'END'
import sys
from types import SimpleNamespace

from os_ken.lib.packet import ethernet, ipv4, packet, udp
from os_ken.ofproto import ofproto_v1_3, ofproto_v1_3_parser

sys.path.insert(0, "bench/testbed")
from learning_switch import LearningSwitch

told = []
switch = SimpleNamespace(id=1, ofproto=ofproto_v1_3, ofproto_parser=ofproto_v1_3_parser, send_msg=told.append,
                         set_xid=lambda m: m.set_xid(len(told) + 1))
controller = LearningSwitch()


def datagram(port, source, destination, source_port):
    frame = packet.Packet()
    frame.add_protocol(ethernet.ethernet(dst=destination, src=source, ethertype=0x0800))
    frame.add_protocol(ipv4.ipv4(src="10.0.0." + source[-1], dst="10.0.0." + destination[-1], proto=17))
    frame.add_protocol(udp.udp(src_port=source_port, dst_port=7707))
    frame.serialize()
    controller.packet_in(SimpleNamespace(msg=SimpleNamespace(datapath=switch, match={"in_port": port},
                                                             data=bytes(frame.data))))


def added():
    return [m.cookie for m in told if isinstance(m, ofproto_v1_3_parser.OFPFlowMod) and m.command == ofproto_v1_3.OFPFC_ADD]


def answer():
    for message in list(told):
        if isinstance(message, ofproto_v1_3_parser.OFPBarrierRequest):
            controller.confirmed(SimpleNamespace(msg=SimpleNamespace(datapath=switch, xid=message.xid)))


A, B = "02:00:00:00:00:01", "02:00:00:00:00:02"
datagram(1, A, B, 5)
datagram(2, B, A, 5)
datagram(1, A, B, 5)
datagram(1, A, B, 5)
datagram(1, A, B, 6)
datagram(3, B, A, 5)
waiting = len(added())
answer()
datagram(3, B, A, 5)
cookies = added()
print("flows", waiting, "later", len(cookies), "cookies", len(set(cookies)), "again", cookies[-2] == cookies[-1], "none",
      0 in cookies)
answer()

# The switch comes back, with its flows; B is at another port since.
del told[:]
controller.begin(SimpleNamespace(msg=SimpleNamespace(datapath=switch)))
datagram(4, B, A, 7)
changed = [m for m in told if isinstance(m, ofproto_v1_3_parser.OFPFlowMod) and m.command == ofproto_v1_3.OFPFC_MODIFY]
print("changed", [(m.match["eth_dst"], m.instructions[0].actions[0].port) for m in changed])
END
like 'a conversation has a cookie of its own, and keeps it; its flow is made once, and again once it is confirmed' \
	"$(cat "$work/said")" 'flows 4 later 5 cookies 4 again True none False'
is 'flows of before a switch came back lead to where the host is' "$(grep ^changed "$work/said")" \
	"changed [('02:00:00:00:00:02', 4)]"
is 'each host that is learnt is a line' "$(awk -F, 'NF == 5' "$work/learned" | wc -l)" 3
is 'each flow that is made is one' "$(awk -F, 'NF == 9 && $2 >= $1 { print $4, $5, $6, $7, $8, $9 }' "$work/learned")" \
	'02:00:00:00:00:02 2 02:00:00:00:00:01 udp 5 7707
02:00:00:00:00:01 1 02:00:00:00:00:02 udp 5 7707
02:00:00:00:00:01 1 02:00:00:00:00:02 udp 6 7707
02:00:00:00:00:02 3 02:00:00:00:00:01 udp 5 7707
02:00:00:00:00:02 3 02:00:00:00:00:01 udp 5 7707'
is 'with when it was told and when it answered' \
	"$(awk -F, 'NF == 5 && $1 > 0 && $2 >= $1 && $3 == 1 { print $4, $5 }' "$work/learned" | tr '\n' ' ')" \
	'02:00:00:00:00:01 1 02:00:00:00:00:02 2 02:00:00:00:00:02 3 '
done_testing

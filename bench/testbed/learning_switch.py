# A learning layer 2 switch for OpenFlow 1.3, to be run by os-ken's manager: osken-manager learning_switch.py
#
# Every conversation (addresses, protocol, ports) is a flow of its own in the switch, which counts it. A host that turns up
# at another port, as a guest does that has moved, is learnt at once: the flows towards it are changed, counters and all.
# Every conversation has a cookie of its own at each switch, which stays when its flow is made anew. A switch that comes back
# keeps its flows, which are changed, too, when a host turns up where they do not lead.
#
# With MIGMETER_LEARNED=FILE a line "asked_ns,answered_ns,switch,mac,port" is written for each host that is learnt: before the
# switch was told, and when it had confirmed that it is in force (barrier). It came to be so between the two, which are
# CLOCK_MONOTONIC. The same for each conversation over UDP or TCP whose flow is made, of its frames' source and port, with
# ",mac,protocol,port,port" behind it: their destination, and the ports from and to.
import itertools
import os
import time

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.lib.packet import ethernet, ipv4, packet, tcp, udp
from os_ken.ofproto import ofproto_v1_3

IDLE_S = 60  # a flow that nobody uses goes after this time


class LearningSwitch(app_manager.OSKenApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.places = {}   # (switch, host) -> port
        self.names = {}    # (switch, port) -> its name
        self.asked = {}    # (switch, barrier) -> (asked_ns, what to do when it is answered)
        self.making = {}   # (switch, conversation) -> where its flow goes that is not confirmed yet
        self.cookies = {}  # (switch, conversation) -> cookie
        self.unused = itertools.count(time.monotonic_ns())  # cookies; none of a controller that was here before
        self.log = open(os.environ.get("MIGMETER_LEARNED", os.devnull), "a", buffering=1)

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def begin(self, event):
        switch = event.msg.datapath
        ofp, parser = switch.ofproto, switch.ofproto_parser
        for known in (self.places, self.names, self.asked, self.making):
            for key in [key for key in known if key[0] == switch.id]:
                del known[key]
        ask = [parser.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)]
        self.add(switch, 0, parser.OFPMatch(), ask, 0)
        switch.send_msg(parser.OFPPortDescStatsRequest(switch, 0))

    @set_ev_cls(ofp_event.EventOFPPortDescStatsReply, [CONFIG_DISPATCHER, MAIN_DISPATCHER])
    def ports(self, event):
        for port in event.msg.body:
            self.keep_name(event.msg.datapath, port)

    @set_ev_cls(ofp_event.EventOFPPortStatus, MAIN_DISPATCHER)
    def port_changed(self, event):
        self.keep_name(event.msg.datapath, event.msg.desc)

    def keep_name(self, switch, port):
        self.names[switch.id, port.port_no] = port.name.decode("ascii", "replace").strip("\0")

    @staticmethod
    def add(switch, priority, match, actions, idle_s, cookie=0):
        ofp, parser = switch.ofproto, switch.ofproto_parser
        apply = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions)]
        switch.send_msg(parser.OFPFlowMod(switch, cookie=cookie, priority=priority, match=match, instructions=apply,
                                          idle_timeout=idle_s))

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        message = event.msg
        switch, in_port = message.datapath, message.match["in_port"]
        ofp, parser = switch.ofproto, switch.ofproto_parser
        frame = packet.Packet(message.data)
        head = frame.get_protocol(ethernet.ethernet)
        if head is None:
            return
        self.learn(switch, head.src, in_port)
        out = self.places.get((switch.id, head.dst))
        if out == in_port:
            return
        actions = [parser.OFPActionOutput(ofp.OFPP_FLOOD if out is None else out)]
        if out is not None:
            self.make(switch, self.conversation(in_port, head, frame), out, actions)
        switch.send_msg(parser.OFPPacketOut(switch, buffer_id=ofp.OFP_NO_BUFFER, in_port=in_port,
                                            actions=actions, data=message.data))

    # Frames of it that are on their way to here meanwhile do not make it again; one that comes later does: it keeps its
    # counters, so its cookie, too.
    def make(self, switch, fields, out, actions):
        key = (switch.id, tuple(sorted(fields.items())))
        if self.making.get(key) == out:
            return
        if key not in self.cookies:
            self.cookies[key] = next(self.unused)
        self.making[key] = out
        asked_ns = time.monotonic_ns()
        self.add(switch, 1, switch.ofproto_parser.OFPMatch(**fields), actions, IDLE_S, self.cookies[key])
        self.confirm(switch, asked_ns, lambda *stamps: self.made(switch, key, fields, stamps))

    def made(self, switch, key, fields, stamps):
        self.making.pop(key, None)
        for name in ("tcp", "udp"):
            if name + "_src" in fields:
                self.write(stamps, switch, fields["eth_src"], fields["in_port"], fields["eth_dst"], name,
                           fields[name + "_src"], fields[name + "_dst"])

    @staticmethod
    def conversation(in_port, head, frame):
        fields = {"in_port": in_port, "eth_src": head.src, "eth_dst": head.dst, "eth_type": head.ethertype}
        ip = frame.get_protocol(ipv4.ipv4)
        if ip is not None:
            fields.update(ipv4_src=ip.src, ipv4_dst=ip.dst, ip_proto=ip.proto)
            whole = ip.offset == 0 and not ip.flags & 1
            for name, kind in (("tcp", tcp.tcp), ("udp", udp.udp)):
                ports = frame.get_protocol(kind)
                if ports is not None and whole:
                    fields.update({name + "_src": ports.src_port, name + "_dst": ports.dst_port})
        return fields

    def learn(self, switch, host, port):
        before = self.places.get((switch.id, host))
        if before == port or int(host[:2], 16) & 1:
            return
        self.places[switch.id, host] = port
        asked_ns = time.monotonic_ns()
        ofp, parser = switch.ofproto, switch.ofproto_parser
        # Also of one that is new here: the switch may have flows of before it came, or the controller did.
        apply = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [parser.OFPActionOutput(port)])]
        switch.send_msg(parser.OFPFlowMod(switch, command=ofp.OFPFC_MODIFY,
                                          match=parser.OFPMatch(eth_dst=host), instructions=apply))
        self.confirm(switch, asked_ns, lambda *stamps: self.write(stamps, switch, host, port))

    # What the switch has been told is in force when it answers this; then() gets both stamps.
    def confirm(self, switch, asked_ns, then):
        barrier = switch.ofproto_parser.OFPBarrierRequest(switch)
        switch.set_xid(barrier)
        self.asked[switch.id, barrier.xid] = (asked_ns, then)
        switch.send_msg(barrier)

    @set_ev_cls(ofp_event.EventOFPBarrierReply, MAIN_DISPATCHER)
    def confirmed(self, event):
        answered_ns = time.monotonic_ns()
        asked_ns, then = self.asked.pop((event.msg.datapath.id, event.msg.xid), (None, None))
        if then is not None:
            then(asked_ns, answered_ns)

    def write(self, stamps, switch, host, port, *more):
        words = [*stamps, switch.id, host, self.names.get((switch.id, port), port), *more]
        self.log.write(",".join(map(str, words)) + "\n")

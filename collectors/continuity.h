/*
 * continuity.h - a client in the first LAN that talks to each guest with workload `stream`: records over UDP every
 * interval (1 ms) and over one TCP connection every tenth, both ways, numbered (bench/base/stream_wire.h).
 *
 * Writes continuity-VM.csv, a row for each bin of packet_bin_ns in which a record of that stream came, and one at the end:
 *
 *	head_ns               when the record came that ended the longest silence of the bin; of the last row: the end
 *	stream                udp or tcp
 *	sent                  records sent so far
 *	received, next, reordered, duplicates
 *	                      so far, of the guest's records: how many different ones, highest number + 1, how many came
 *	                      behind a higher one, how often one came again. next - received are lost, or not there yet
 *	longest_silence_ns    longest time without a record that ended in this bin; `missing` for the first record, and in
 *	                      the last row
 *	oldest_news_ns        longest time, when a record of this bin came, since that was sent here which was known till then
 *	                      to have reached the guest; `missing`: nothing was
 *	guest_received, guest_next, guest_reordered, guest_duplicates
 *	                      the same of what was sent here, as the guest last said
 *	guest_hole_ns, guest_hole_from_ns
 *	                      of the gaps that ended in the epoch at the guest, between two records that it took one after the
 *	                      other, the longest by when they were sent here, and when the first of them was
 *	guest_silence_ns, guest_silence_from_ns
 *	                      the longest by when the guest took them; its clock stands still with it
 *	guest_epoch           of these; see continuity_phase()
 *	retransmits, guest_retransmits
 *	                      what TCP has sent again so far, here and there; `missing`: not TCP, or closed
 *	alive                 1: the connection is open; 0: it is not; `missing` for UDP
 *	last_ns               when the latest record came; `missing`: none did
 *
 * Stamps are taken when the client's thread reads a record, so a busy head adds to a silence.
 */
#ifndef COLLECTORS_CONTINUITY_H
#define COLLECTORS_CONTINUITY_H

enum continuity_phase { CONTINUITY_WARMUP, CONTINUITY_BASELINE, CONTINUITY_MIGRATION };

/* Begin to talk; before that nothing is sent. End: nothing is sent any more, what comes is still taken. state of
 * continuity_collector, NULL: there is nobody to talk to. */
void continuity_begin(void *state);

/* From now on is a phase of which guests keep the longest gap by itself: the epoch is its number. */
void continuity_phase(void *state, enum continuity_phase phase);

void continuity_end(void *state);

#endif

#!/usr/bin/perl
# Make a run directory for tests of reports: what a finished run and its analysis leave. The numbers are of a model,
# not of a measurement, and say so in the question. usage: report_fixture.pl KIND DIRECTORY
# KIND: precopy, changed (the same), postcopy, neighbours (three VMs, scaled), failed, bare (only a status), hostile
# (texts that would break out of HTML, gnuplot and CSV), long (an hour at 10 ms)
use strict;
use warnings;

my ($kind, $dir) = @ARGV;
die "usage: report_fixture.pl KIND DIRECTORY\n" unless defined $dir;
mkdir $dir;
mkdir "$dir/plots" unless $kind eq 'bare';
my $seed = 42;
sub noise { $seed = ($seed * 1103515245 + 12345) % 2147483648; return $seed / 2147483648 - 0.5 }
sub put { my ($name, $text) = @_; open my $f, '>:raw', "$dir/$name" or die "$name: $!"; print $f $text; close $f }
sub json { my $s = shift; $s =~ s/(["\\])/\\$1/g; $s =~ s/\n/\\n/g; return "\"$s\"" }

my $post = $kind eq 'postcopy';
my $evil = "<script src=\"http://evil.example/x.js\">alert(1)</script>'; system('touch pwned') `touch pwned` & \xc3\xa9";
my $hostile = $kind eq 'hostile';
my ($name, $question) = $hostile ? ($evil, "$evil\nsecond line")
	: ($kind eq 'neighbours' ? 'neighbours' : $post ? 'quick-postcopy' : 'quick',
	   'What does a live migration over a 100 Mbit/s link cost a guest that computes? (made by a model, for tests)');
my @vms = $kind eq 'neighbours' ? (['vm1', 'migrating'], ['vm2', 'source-neighbour'], ['vm3', 'destination-neighbour'])
	: (['vm1', 'migrating']);
my $failed = $kind eq 'failed';
my ($begin, $stop, $resume, $done, $end) = $post ? (-14, 0.31, 0.64, 9.6, 22) : (-14, 11.62, 11.832, 12.31, 24);
my ($begin_s, $end_s) = $kind eq 'long' ? (-1800, 1800) : ($begin, $end);
my $origin = 5_000_000_000_000;
my $ns = sub { sprintf '%.0f', $origin + $_[0] * 1e9 };

sub share {    # of the baseline that a VM works at time t
	my ($t, $role) = @_;
	if ($role eq 'migrating') {
		return 0 if $t >= $stop && $t < $resume;
		return $t < 6.1 ? 0.004 * (noise() > 0.44) : 0.2 + 0.6 * ($t - 6.1) / 3.5 if $post && $t >= $resume && $t < $done;
		return 0.83 if $t >= 0 && $t < $stop;
		return 1 - 0.3 * exp(-($t - $resume) / 0.4) if $t >= $resume;
		return 1;
	}
	return $t >= 0 && $t < $done ? ($role =~ /source/ ? 0.71 : 0.93) : 1;
}

my @manifest = ('"format":1', '"status":' . ($failed ? '"failed"' : '"complete"'), '"name":' . json($name));
if ($kind eq 'bare') { put('manifest.json', '{' . join(',', '"format":1', '"status":"failed"') . '}'); exit 0 }
push @manifest, '"reason":' . json("operation failed: migration out job: load of migration failed: Input/output error") if $failed;
push @manifest, '"question":' . json($question), '"version":"0.1"', '"command":' . json("migmeter run configs/$name.conf"),
	'"scale":' . ($kind eq 'neighbours' ? 0.0625 : 1), '"accelerator":"tcg"',
	'"accelerator_reason":"the KVM probe guest did not print a line within 10 s"', '"seed":1',
	'"host":{"cpu":"AMD EPYC 7B13","cores":2,"memory_bytes":16777216000,"kernel":"6.1.0-18-amd64","distribution":"Debian GNU/Linux 12"}',
	'"guest":{"kernel":"6.1.0-18-cloud-amd64","memory_fill":"random"}',
	'"hypervisor":{"libvirt":"9.0.0","qemu":"7.2.9"}',
	'"features":{"asked":{"mode":"' . ($post ? 'postcopy' : 'precopy') . '","downtime_limit_ms":300,"auto_converge":false},' .
	'"on":{"mode":"' . ($post ? 'postcopy' : 'precopy') . '","downtime_limit_ms":300,"auto_converge":false}}',
	'"link":{"asked":{"rate":"100000000bit/s","rtt":"1000000ns","queue":"0B"},"measured":{"rate_bit_per_s":95100000,"rtt_ns":1240000,"lateness_p99_ns":310000},"backend":"netem","flags":' .
	($post ? '["rtt off by more than 0.3 ms + 3 %"]' : '[]') . '}',
	'"vms":[' . join(',', map { '{"name":' . json($_->[0]) . ',"role":"' . $_->[1] . '","node":"src","memory_bytes":134217728,"vcpus":1,"workloads":[{"name":"intadd","unit":"additions"}]}' } @vms) . ']',
	'"migration":{"vm":"vm1","link":"migration","mode":"' . ($post ? 'postcopy' : 'precopy') . '","completed":{"downtime_ns":207000000,"time_elapsed_ns":12290000000}}',
	'"collectors":{"samples":{"received":3796,"lost":0,"fetched":21},"packets":{"seen":9123,"dropped":' . ($post ? 12 : 0) . '}}',
	'"capabilities_missing":[{"name":"kvm","reason":"the probe guest did not print a line within 10 s"}]';
put('manifest.json', '{' . join(',', @manifest) . '}');
put('config.conf', "[experiment]\nname = quick\n");

my @phases = (['warmup', $begin, -10], ['baseline', -10, 0], ['migration', 0, $done], ['settle', $done, $end]);
put('events.csv', "head_ns,vm,node,event,detail\n" . join('', map { $ns->($_->[1]) . ",,,phase,$_->[0]\n" } @phases) .
	($failed ? $ns->(3.2) . ",vm1,src,migrate-failed,\"load of migration failed: Input/output error\"\n" :
	 $ns->($stop) . ",vm1,src,stop,\n" . $ns->($resume) . ",vm1,dst,resume,\n"));
exit 0 if $failed;

my @five = $post
	? (['stop_resume', 330, 329.8, 330.2, 0.1, $stop], ['guest_clock', 331, 325, 342, 10, $stop], ['network', 6102, 6092, 6112, 10, 0.3],
	   ['work', 5790, 5780, 5800, 10, 0.31], ['reported', 322, undef, undef, 1, undef])
	: (['stop_resume', 212, 211.9, 212.1, 0.1, $stop], ['guest_clock', 214, 207, 226, 10, $stop - .002], ['network', 221, 211, 231, 10, $stop - 0.006],
	   ['work', 228, 218, 238, 10, $stop - .009], ['reported', 207, undef, undef, 1, undef]);
my $cell = sub { defined $_[0] ? $_[0] : 'missing' };
put('plots/downtime.csv', "vm,estimator,value_ms,low_ms,high_ms,floor_ms,at_s\n" .
	join('', map { my $r = $_; 'vm1,' . join(',', map { $cell->($_) } @$r) . "\n" } @five));

for my $vm (@vms) {
	my ($vm_name, $role) = @$vm;
	my (@rows, $smooth);
	for (my $i = 0; $i < ($end_s - $begin_s) * 100; $i++) {
		my $t = $begin_s + $i / 100;
		my $s = share($t, $role);
		$s = $s ? $s * (1 + 0.08 * noise()) * (noise() > 0.485 ? 0.6 : 1) : 0;
		$smooth = defined $smooth ? $smooth + ($s - $smooth) * 0.1 : $s;
		push @rows, sprintf("%.3f,%.0f,%.0f,%.2f,%.2f\n", $t, $s * 1.1e9, $smooth * 1.1e9, 100 * $s, 100 * $smooth);
	}
	put("plots/timeline-$vm_name-intadd.csv", "time_s,rate,rate_smooth,percent,percent_smooth\n" . join('', @rows));
}
exit 0 if $kind eq 'long';

my ($link, $cpu, $packets) = ("time_s,link,direction,bit_per_s\n", "time_s,node,vm,thread,share\n", "time_s,packets_per_s,longest_silence_ms\n");
for (my $i = 0; $i < ($end - $begin) * 10; $i++) {
	my $t = $begin + $i / 10;
	my $on = $t >= 0 && $t < $done;
	$link .= sprintf("%.2f,migration,src-to-dst,%.0f\n", $t, $on ? 95.1e6 * (1 + 0.02 * noise()) : 4e3);
	$link .= sprintf("%.2f,src-uplink,src-to-lan,%.0f\n", $t, 5790);
	$link .= sprintf("%.2f,migration,dst-to-src,%.0f\n", $t, $on ? 1.6e6 * (1 + 0.3 * noise()) : 4e3);
	my $at_dst = $t >= $resume;
	$cpu .= sprintf("%.2f,src,vm1,,%.3f\n%.2f,src,vm1,vcpu,%.3f\n", $t, 0.99, $t, 0.97);
	$cpu .= sprintf("%.2f,src,,,%.3f\n%.2f,dst,,,%.3f\n", $t, ($at_dst && !$on ? 0.02 : 0.99) + 0.01 * noise(), $t, $at_dst ? 0.98 + 0.02 * noise() : $on ? 0.12 + 0.05 * noise() : 0.02);
	$cpu .= sprintf("%.2f,src,vm1,migration,%.3f\n", $t, 0.16 + 0.04 * noise()) if $on;
	my $silent = $t <= $stop && $t + 0.1 > $stop ? ($post ? 6102 : 221) : 10 + 2 * noise() + (noise() > 0.48 ? 14 : 0);
	$packets .= sprintf("%.2f,%.0f,%.1f\n", $t, 100, $silent) unless $post && $t > 0.4 && $t < 6.1;
}
put('plots/link.csv', $link);
put('plots/cpu.csv', $cpu);
put('plots/stolen.csv', "time_s,node,share\n" . join('', map { my $t = $_; sprintf("%.2f,src,%.3f\n%.2f,dst,0\n", $t, 0.1 + 0.05 * noise(), $t) } $begin .. $end - 1));
put('plots/packets-vm1.csv', $packets);

my @passes = $post ? ([1, 0, 0.3, 3.4, 124.1, 0.2, 11.3]) : ([1, 0, 9.35, 105.9, 22.4, 2.4, 11.3], [2, 9.35, 11.34, 22.4, 4.9, 2.5, 11.3], [3, 11.34, 11.62, 3.2, 2.4, 2.6, 11.4], [4, 11.62, 11.83, 2.4, 0, 'missing', 11.3]);
put('plots/iterations.csv', "iteration,start_s,end_s,processed_bytes,remaining_bytes,dirty_bytes_per_s,rate_bytes_per_s,throttle_percent,expected_downtime_ms\n" .
	join('', map { my @r = @$_; join(',', $r[0], $r[1], $r[2], map({ sprintf '%.0f', $_ * 1048576 } @r[3, 4]), $r[5] eq 'missing' ? 'missing' : $r[5] * 1048576, $r[6] * 1048576, 'missing', 240) . "\n" } @passes));
put('plots/marks.csv', "time_s,vm,kind,label\n-16,vm1,resume,resume\n0,vm1,start,migration begins\n" . ($post ? "0.3,vm1,postcopy,post-copy\n" : '') .
	join('', map { "$_->[1],vm1,iteration,$_->[0]\n" } @passes) . "$stop,vm1,stop,stop\n$resume,vm1,resume,resume\n$done,vm1,done,completed\n");
my @latency = (['baseline', 0.021, 0.12, 0.9, 4.2, 0.019, 0.1, 0.4, 2.3], ['migration', 0.026, 1.4, 11, $post ? 5790 : 228, 0.02, 0.9, 4, 7.7],
	['settle', 0.021, 0.14, 1.0, 6.1, 0.019, 0.1, 0.5, 3.1]);
put('plots/latency.csv', "vm,workload,phase,p50_ms,p99_ms,p999_ms,max_ms,service_p50_ms,service_p99_ms,service_p999_ms,service_max_ms\n" .
	join('', map { my $v = $_->[0]; map { join(',', $v, 'intadd', @$_) . "\n" } @latency } @vms));

my @metrics;
my $metric = sub {
	my ($m, $vm, $estimator, $value, $unit, $low, $high, $reason) = @_;
	my ($role) = map { $_->[1] } grep { $_->[0] eq $vm } @vms;
	push @metrics, sprintf('{"metric":"%s","vm":"%s","role":"%s","estimator":"%s","value":%s,"unit":"%s","low":%s,"high":%s,"n":1%s}',
		$m, $vm, $role // '', $estimator, map({ $_ } $value // 'null'), $unit, $low // 'null', $high // 'null', $reason ? ',"reason":"' . $reason . '"' : '');
};
$metric->('migration_time', 'vm1', 'completion', $done, 's');
$metric->('migration_time', 'vm1', 'switch_over', $resume, 's');
$metric->('downtime', 'vm1', $_->[0], $_->[1] / 1e3, 's', map({ defined $_ ? $_ / 1e3 : undef } @$_[2, 3])) for @five;
for my $vm (@vms) {
	my $moving = $vm->[1] eq 'migrating';
	$metric->('baseline_rate', $vm->[0], '', 1.1e9, 'additions/s');
	$metric->('mean_rate', $vm->[0], '', $moving ? 0.83 * 1.1e9 : 0.9 * 1.1e9, 'additions/s');
	$metric->('degradation', $vm->[0], '', $moving ? 17.2 : 9.8, '%');
	$metric->('lost_work', $vm->[0], '', $post ? 7.4 : 2.31, 's');
	$metric->('recovery_time', $vm->[0], '', $kind eq 'neighbours' && !$moving ? (undef, 's', undef, undef, 'never fell below 95 % of the baseline') : (0.42, 's'));
}
$metric->('bytes_on_wire', 'vm1', 'migration:src-to-dst', 140_300_000, 'bytes');
$metric->('bytes_on_wire', 'vm1', 'src-uplink:src-to-lan', 62_384, 'bytes');
$metric->('cpu_per_gib', '', '', undef, 's', undef, undef, 'no CPU counters of the destination');
my @definitions = (['migration_time', 's', 'completion - start', 'lower', 'from the call to its return'],
	['downtime', 's', 'per estimator', 'lower', 'how long the VM did not run, could not be reached, or did not work'],
	['lost_work', 's', 'integral of (1 - rate/baseline) dt', 'lower', 'work not done, in seconds of baseline work']);
put('metrics.json', sprintf('{"format":1,"run":%s,"status":"complete","definitions":[%s],"metrics":[%s],"phases":[%s],"origin_ns":%s}',
	json($name), join(',', map { sprintf '{"metric":"%s","unit":"%s","formula":"%s","better":"%s","help":"%s"}', @$_ } @definitions),
	join(',', @metrics), join(',', map { sprintf '{"name":"%s","start_ns":%s,"end_ns":%s}', $_->[0], $ns->($_->[1]), $ns->($_->[2]) } @phases), $ns->(0)));

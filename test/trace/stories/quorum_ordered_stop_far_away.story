# Mode quorum, and 20 ms to each other node: the holder stops. Release, question, answer: the
# next holds one and a half round trips behind the release.
nodes 200 150 100
mode quorum
start A B C
delay 20
run 12000
mark
stop A
run 1000
holders
dual
gap
----
[   60.000] C vip0 standby -> claiming: nobody held it
[   60.000] A vip0 standby -> claiming: nobody held it
[   60.000] B vip0 standby -> claiming: nobody held it
[   80.000] C vip0 claiming -> standby: another node is elected
[   80.000] B vip0 claiming -> standby: another node is elected
[10080.100] A vip0 claiming -> holding: nobody held it
[10080.100] A vip0 holder - -> A: nobody held it
[10100.100] B vip0 holder - -> A: heard from it
[10100.100] C vip0 holder - -> A: heard from it
[12000.000] A vip0 holding -> releasing (B): this node stops in order
[12000.060] A vip0 releasing -> standby (B): this node stops in order
[12020.000] B vip0 standby -> claiming (A): the holder handed it over
[12060.060] A stopped
[12060.100] B vip0 claiming -> holding (A): the holder handed it over
[12060.100] B vip0 holder A -> B: its holder stopped in order
[12080.100] C vip0 holder A -> B: its holder stopped in order
= vip0: B
= two holders for 0.000 ms
= no holder for 60.040 ms at most

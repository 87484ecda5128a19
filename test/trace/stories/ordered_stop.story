# The holder stops in order: the next has it when the kernel of the first has confirmed the removal.
nodes 200 150 100
start A B C
run 3000
mark
stop A
run 1000
holders
dual
gap
----
[    0.393] A vip0 standby -> claiming: nobody held it
[  150.493] A vip0 claiming -> holding: nobody held it
[  150.493] A vip0 holder - -> A: nobody held it
[  150.673] B vip0 holder - -> A: heard from it
[  150.815] C vip0 holder - -> A: heard from it
[ 3000.000] A vip0 holding -> releasing (B): this node stops in order
[ 3000.060] A vip0 releasing -> standby (B): this node stops in order
[ 3000.067] B vip0 standby -> claiming (A): the holder handed it over
[ 3000.379] B vip0 claiming -> holding (A): the holder handed it over
[ 3000.379] B vip0 holder A -> B: its holder stopped in order
[ 3000.452] C vip0 holder A -> B: its holder stopped in order
[ 3000.511] A vip0 holder A -> B: this node stops in order
[ 3015.060] A stopped
= vip0: B
= two holders for 0.000 ms
= no holder for 0.319 ms at most

# The holder is cut off for 250 ms: both serve their side; healed, the lower releases at once, the other announces again.
nodes 200 150 100
start A B C
run 10050
announcements A
mark
cut A B
cut A C
run 250
holders
heal A B
heal A C
say healed
run 100
holders
dual
announcements A
----
[    0.393] A vip0 standby -> claiming: nobody held it
[    0.493] A vip0 claiming -> holding: nobody held it
[    0.493] A vip0 holder - -> A: nobody held it
[    0.642] C vip0 holder - -> A: heard from it
[    0.715] B vip0 holder - -> A: heard from it
= A announced 5 times
[10200.653] B vip0 standby -> claiming (A): its holder died
[10200.753] B vip0 claiming -> holding (A): its holder died
[10200.753] B vip0 holder A -> B: its holder died
[10200.905] C vip0 holder A -> B: its holder died
= vip0: A B
# healed
[10301.067] B vip0 rival - -> A: another node holds it too
[10301.067] B vip0 holding -> releasing (A): a preferred node holds it too
[10301.067] B vip0 holder B -> A: a preferred node holds it too
[10301.127] B vip0 releasing -> standby (A): a preferred node holds it too
[10301.157] A vip0 rival B -> -: a node that was not heard has released it to this one
[10301.162] C vip0 holder B -> A: the holder handed it over
= vip0: A
= two holders for 100.373 ms
= A announced 9 times

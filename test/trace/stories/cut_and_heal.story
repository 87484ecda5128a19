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
[  150.493] A vip0 claiming -> holding: nobody held it
[  150.493] A vip0 holder - -> A: nobody held it
[  150.673] B vip0 holder - -> A: heard from it
[  150.815] C vip0 holder - -> A: heard from it
= A announced 5 times
[10150.641] B vip0 standby -> claiming (A): its holder died
[10150.741] B vip0 claiming -> holding (A): its holder died
[10150.741] B vip0 holder A -> B: its holder died
[10150.923] C vip0 holder A -> B: its holder died
= vip0: A B
# healed
[10351.025] C vip0 holder B -> A: the holder handed it over
[10351.199] B vip0 rival - -> A: another node holds it too
[10351.199] B vip0 holding -> releasing (A): a preferred node holds it too
[10351.199] B vip0 holder B -> A: a preferred node holds it too
[10351.259] B vip0 releasing -> standby (A): a preferred node holds it too
[10351.289] A vip0 rival B -> -: a node that was not heard has released it to this one
= vip0: A
= two holders for 200.519 ms
= A announced 8 times

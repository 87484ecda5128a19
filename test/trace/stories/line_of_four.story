# A - B - C - D in a line: each hears only its neighbours. One holder, also after it has restarted.
nodes 200 150 100 50
start
cut A C
cut A D
cut B D
start A B C D
run 5000
holders
mark
run 20000
holders
dual
crash A
run 3000
start A
run 5000
holders
----
[   14.471] A vip0 standby -> claiming: nobody held it
[  164.571] A vip0 claiming -> holding: nobody held it
[  164.571] A vip0 holder - -> A: nobody held it
[  164.759] B vip0 holder - -> A: heard from it
[  165.063] C vip0 holder - -> A: heard from it
[  165.323] D vip0 holder - -> A: heard from it
[ 4601.833] C vip0 unknown -> unverified (A): asked on the wire who has the address, the holder does not answer
[ 4615.614] D vip0 unknown -> unverified (A): asked on the wire who has the address, the holder does not answer
= vip0: A
= vip0: A
= two holders for 0.000 ms
[25164.915] B vip0 standby -> claiming (A): its holder died
[25165.015] B vip0 claiming -> holding (A): its holder died
[25165.015] B vip0 holder A -> B: its holder died
[25165.130] C vip0 holder A -> B: its holder died
[25165.352] D vip0 holder A -> B: its holder died
[28000.636] A vip0 holder - -> B: heard from it
[28007.855] A vip0 standby -> claiming (B): this node is preferred to the holder
[28008.085] B vip0 holding -> releasing (A): a preferred node claims it
[28008.145] B vip0 releasing -> standby (A): a preferred node claims it
[28008.502] A vip0 claiming -> holding (B): this node is preferred to the holder
[28008.502] A vip0 holder B -> A: the holder handed it over
[28008.656] B vip0 holder B -> A: a preferred node claims it
[28008.749] C vip0 holder B -> A: the holder handed it over
[28008.981] D vip0 holder B -> A: the holder handed it over
[32138.365] C vip0 unknown -> unverified (A): asked on the wire who has the address, the holder does not answer
[32722.351] D vip0 unknown -> unverified (A): asked on the wire who has the address, the holder does not answer
= vip0: A

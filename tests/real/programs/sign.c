/* Signed values narrower than a register: loads and moves that extend the sign. */
long bytes(const signed char *from) { return from[0] + from[-5]; }
long halves(const short *from) { return from[0] - from[300]; }
long words(const int *from) { return from[1] ^ (long)from[-1]; }
int narrow(const signed char *a, const short *b) { return *a * *b; }
long moved(long a) { return (signed char)a + (long)(short)(a >> 3) * (int)a; }
int moved_narrow(int a) { return (signed char)a - (short)(a + 5); }
long compared(int a, short b) { return a < b ? (long)a : b; }

/* Loads from the packet, which clang knows as functions of its own. */
unsigned long load_byte(void *skb, unsigned long at) asm("llvm.bpf.load.byte");
unsigned long load_half(void *skb, unsigned long at) asm("llvm.bpf.load.half");
unsigned long load_word(void *skb, unsigned long at) asm("llvm.bpf.load.word");

int filter(void *skb)
{
	unsigned long header = (load_byte(skb, 14) & 15) * 4;
	if (load_half(skb, 12) != 0x800 || load_byte(skb, 23) != 6)
		return 0;
	return load_half(skb, header + 16) == 80 ? load_word(skb, 26) : load_word(skb, header) + load_byte(skb, header);
}

// Words that nobody may take, neither as a publisher's handle nor as a style's name.

/** Words of the interface and its addresses, words that speak for the registry, and names that file systems refuse. */
export const RESERVED_WORDS: readonly string[] =
  `about account accounts admin administrator all anonymous any api aux blob blobs bootstrap com1 com2 com3 com4 con console
   default docs edge embedding embeddings everybody everyone explore false healthz help home hypernet hypernetwork index latest
   login logout lora lpt1 lpt2 lpt3 lpt4 me model models moderator new nil nobody none nul null official owner owners prn
   publish publisher publishers registry resolve root schedule search security session settings signin signup staff studio
   style styles support system team tincture tinctures token tokens true undefined unknown upload uploads v1 v2 verified www
   yank`.split(/\s+/);

/* Wine 8 has no bcryptprimitives.dll, from which Rust takes random bytes on Windows. This one, for tests alone, takes
 * them from another library of the system. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(void *, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *bytes, SIZE_T count) {
    return SystemFunction036(bytes, (ULONG)count);
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved) {
    (void)instance, (void)reason, (void)reserved;
    return TRUE;
}
